// SPDX-License-Identifier: MIT
//
// Pipes: no server is in between. Both ends share a PipeRing in a Memory that the container pays
// for, and two notifications:
//
//      data   readers sleep on it; writers signal it
//      space  writers sleep on it; readers signal it
//
// What an end signals by is its *guard*: a minted, drop-guarded capability. fork and exec copy it
// like any other; when the last copy disappears, by close or by death, the kernel sets `gone_bit`:
// on `data` when the last writer is gone (end of file), on `space` when the last reader is (EPIPE).
//
//      reader holds: Memory, data (to wait), guard of space
//      writer holds: Memory, space (to wait), guard of data
#pragma once

#include <utility>

#include "linux/fd/description.hpp"
#include "linux/fd/pipe_ring.hpp"
#include "linux/fd/waiter.hpp"

namespace linux::fd {

// The ring as this process maps it; shared by the ends that it holds.
class PipeMapping {
public:
    static Result<PipeMapping*> create(ipc::Capability<ipc::Memory> memory);
    void retain() { references_.fetch_add(1, std::memory_order_relaxed); }
    void release();

    [[nodiscard]] PipeRing ring() const { return PipeRing{reinterpret_cast<std::byte*>(address_)}; }
    [[nodiscard]] ipc::CapIndex memory() const { return memory_.index(); }

private:
    PipeMapping(ipc::Capability<ipc::Memory> memory, std::uint64_t address)
        : memory_(std::move(memory)), address_(address) {}

    std::atomic<std::uint32_t> references_{1};
    ipc::Capability<ipc::Memory> memory_;
    std::uint64_t address_;
};

class PipeEnd final : public Description {
public:
    // `writer`: which end. Takes over one reference to the mapping.
    PipeEnd(bool writer, std::uint32_t status, PipeMapping* mapping,
            ipc::Capability<ipc::Notification> wait, ipc::Capability<ipc::Notification> guard);
    ~PipeEnd() override;

    std::int64_t read(UserBuffer& buffer, Offset offset) override;
    std::int64_t write(UserBuffer& buffer, Offset offset) override;
    Result<fs::Attributes> attributes() override;
    std::int64_t ioctl(std::uint32_t request, std::uint64_t argument) override;
    std::uint32_t poll(std::uint32_t events, WakeTarget target) override;
    void end_poll(WakeTarget target) override { queue_.leave(target); }
    [[nodiscard]] fs::Kind kind() const override { return fs::Kind::fifo; }
    bool describe(process::ImageDescriptor& to) const override;
    void on_fork_child() override { queue_.on_fork_child(); }

private:
    // Is the other side gone? Once true, always true.
    [[nodiscard]] bool other_side_gone() { return (queue_.bits() & gone_bit) != 0; }
    void wake_other_side();
    // Waits until `ready()` or the other side is gone, or something changed. 0, or what to return.
    template <class Ready>
    std::int64_t sleep(Ready&& ready);
    [[nodiscard]] std::uint32_t ready_events();

    bool writer_;
    PipeMapping* mapping_;
    SleepQueue queue_;
    ipc::Capability<ipc::Notification> guard_;
};

struct PipePair {
    Handle reader, writer;
};
Result<PipePair> make_pipe(std::uint32_t status);

}  // namespace linux::fd
