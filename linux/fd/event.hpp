// SPDX-License-Identifier: MIT
//
// Event counters (eventfd): a number that writes add to and reads take. It lies in a page of shared
// memory, so that a forked child uses the same one; a notification wakes those who wait for it to
// change in either direction.
#pragma once

#include "linux/fd/description.hpp"
#include "linux/fd/shared_page.hpp"
#include "linux/fd/waiter.hpp"

namespace linux::fd {

class EventCounter final : public Description {
public:
    static Result<Handle> create(std::uint64_t value, bool semaphore, std::uint32_t status);
    static Result<Handle> adopt(const process::ImageDescriptor& from);

    std::int64_t read(UserBuffer& buffer, Offset offset) override;
    std::int64_t write(UserBuffer& buffer, Offset offset) override;
    Result<fs::Attributes> attributes() override;
    std::uint32_t poll(std::uint32_t events, WakeTarget target) override;
    void end_poll(WakeTarget target) override { queue_.leave(target); }
    [[nodiscard]] std::optional<Arrivals> arrivals() override {
        return Arrivals{shared_->writes.load(), shared_->reads.load()};
    }
    bool describe(process::ImageDescriptor& to) const override;
    void share() override { queue_.expect_twins(); }
    void on_fork_child() override { queue_.on_fork_child(); }

private:
    // All zero at first.
    struct Shared {
        std::atomic<std::uint64_t> value;
        std::atomic<std::uint32_t> sleepers;
        std::atomic<std::uint32_t> semaphore;
        std::atomic<std::uint32_t> flags;
        std::atomic<std::uint32_t> writes, reads;  // how many there were
    };
    static constexpr std::uint64_t highest = ~std::uint64_t{0} - 1;

    EventCounter(std::uint32_t status, SharedPage page,
                 ipc::Capability<ipc::Notification> notification)
        : Description(status),
          page_(std::move(page)),
          shared_(&page_.as<Shared>()),
          queue_(std::move(notification), shared_->sleepers) {
        share_flags(shared_->flags);
    }
    void changed();
    template <class Ready>
    std::int64_t sleep(Ready&& ready);

    SharedPage page_;
    Shared* shared_;
    SleepQueue queue_;
};

}  // namespace linux::fd
