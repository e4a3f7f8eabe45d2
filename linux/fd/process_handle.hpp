// SPDX-License-Identifier: MIT
//
// A process as a descriptor (pidfd): a Notification whose guard procmgr keeps until it has ended, or
// until nobody has the Watching any more; and its number and start, which together are never another's.
#pragma once

#include "interfaces/process.hpp"
#include "linux/fd/description.hpp"
#include "linux/fd/waiter.hpp"

namespace linux::fd {

class ProcessHandle final : public Description {
public:
    struct Target {
        std::int32_t pid = 0;
        std::uint64_t started_ns = 0;
    };

    // ESRCH, EAGAIN (too many watch it).
    static Result<Handle> open(std::int32_t pid, std::uint32_t status);
    static Result<Handle> adopt(const process::ImageDescriptor& from);

    [[nodiscard]] Target target() const { return target_; }
    Result<fs::Attributes> attributes() override;
    std::uint32_t poll(std::uint32_t events, WakeTarget target) override;
    [[nodiscard]] std::optional<Arrivals> arrivals() override {
        return Arrivals{};
    }  // only one comes
    void end_poll(WakeTarget target) override { queue_.leave(target); }
    [[nodiscard]] ProcessHandle* process_handle() override { return this; }
    bool describe(process::ImageDescriptor& to) const override;
    void share() override { queue_.expect_twins(); }
    void on_fork_child() override { queue_.on_fork_child(); }

private:
    ProcessHandle(std::uint32_t status, Target target, ipc::Capability<ipc::Notification> ended,
                  ipc::Capability<process::Watching> watching)
        : Description(status | OpenFlag::read_write),
          target_(target),
          watching_(std::move(watching)),
          queue_(std::move(ended), sleepers_) {}

    const Target target_;
    const ipc::Capability<process::Watching> watching_;  // none: it had ended
    std::atomic<std::uint32_t> sleepers_ = 0;  // the kernel signals whether anybody sleeps or not
    SleepQueue queue_;
};

}  // namespace linux::fd
