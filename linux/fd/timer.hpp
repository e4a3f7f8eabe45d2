// SPDX-License-Identifier: MIT
//
// Timers that are read (timerfd). No one keeps the time for them: how often a timer has expired
// follows from its setting and the clock, whoever asks. The setting lies in a page of shared memory,
// as a forked child uses the same timer; a notification tells who sleeps that it was set anew. Who
// polls looks again by himself when the time has come (Description::next_event).
#pragma once

#include "linux/fd/description.hpp"
#include "linux/fd/shared_page.hpp"
#include "linux/fd/waiter.hpp"

namespace linux::fd {

class TimerCount final : public Description {
public:
    struct Setting {
        std::uint64_t value_ns = 0, interval_ns = 0;  // value 0: off
    };

    static Result<Handle> create(bool real_time, std::uint32_t status);
    static Result<Handle> adopt(const process::ImageDescriptor& from);

    // `deadline`: of the monotonic clock; 0: off. -> what was set.
    Setting set(std::uint64_t deadline, std::uint64_t interval);
    [[nodiscard]] Setting look() const;
    [[nodiscard]] bool is_real_time() const { return shared_.real_time.load() != 0; }

    std::int64_t read(UserBuffer& buffer, Offset offset) override;
    Result<fs::Attributes> attributes() override;
    std::uint32_t poll(std::uint32_t events, WakeTarget target) override;
    void end_poll(WakeTarget target) override { queue_.leave(target); }
    [[nodiscard]] std::uint64_t next_event() override;
    // As on Linux, there is no second arrival before the first one is read.
    [[nodiscard]] std::optional<Arrivals> arrivals() override {
        return Arrivals{shared_.deadline.load(), 0};
    }
    [[nodiscard]] std::uint64_t next_arrival(const Arrivals& seen) override;
    [[nodiscard]] TimerCount* timer() override { return this; }
    bool describe(process::ImageDescriptor& to) const override;
    void share() override { queue_.expect_twins(); }
    void on_fork_child() override { queue_.on_fork_child(); }

private:
    struct Shared {
        std::atomic<std::uint64_t> deadline;  // the first expiry that nobody has read yet; 0: off
        std::atomic<std::uint64_t> interval;
        std::atomic<std::uint32_t> sleepers;
        std::atomic<std::uint32_t> real_time;
        std::atomic<std::uint32_t> flags;
    };
    TimerCount(std::uint32_t status, SharedPage page,
               ipc::Capability<ipc::Notification> notification)
        : Description(status),
          page_(std::move(page)),
          shared_(page_.as<Shared>()),
          queue_(std::move(notification), shared_.sleepers) {
        share_flags(shared_.flags);
    }
    // Takes the expiries until now.
    std::uint64_t take();

    SharedPage page_;
    Shared& shared_;
    SleepQueue queue_;
};

}  // namespace linux::fd
