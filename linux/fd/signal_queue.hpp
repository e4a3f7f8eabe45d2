// SPDX-License-Identifier: MIT
//
// Signals that are read (signalfd): takes those of a set that are pending for the thread or process
// that reads, so that nothing is kept here but the set. Who waits is woken by whatever makes a signal
// pending (signals::watch).
#pragma once

#include <atomic>

#include "abi/linux/signal.hpp"
#include "linux/fd/description.hpp"

namespace linux::fd {

class SignalQueue final : public Description {
public:
    SignalQueue(linux_abi::SignalSet set, std::uint32_t status)
        : Description(status | OpenFlag::read_write), set_(set) {}
    static Result<Handle> adopt(const process::ImageDescriptor& from);

    void change(linux_abi::SignalSet set) { set_.store(set); }

    std::int64_t read(UserBuffer& buffer, Offset offset) override;
    Result<fs::Attributes> attributes() override;
    std::uint32_t poll(std::uint32_t events, WakeTarget target) override;
    void end_poll(WakeTarget target) override;
    [[nodiscard]] std::optional<Arrivals> arrivals() override;
    [[nodiscard]] SignalQueue* signal_queue() override { return this; }
    bool describe(process::ImageDescriptor& to) const override;

private:
    std::atomic<linux_abi::SignalSet> set_;
};

}  // namespace linux::fd
