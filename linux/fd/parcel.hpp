// SPDX-License-Identifier: MIT
//
// Descriptors on their way to another process (SCM_RIGHTS). They travel as they do to another image:
// each as a record (process::ImageDescriptor), which names the capabilities that stand for it.
//
//      parcel = CapTable:  [1] Memory: count, records      [2] [3] ... the capabilities
//      shelf  = CapTable:  [16 + n] a parcel, as long as it is on its way
//
// The two ends of a connection share a shelf: a capability cannot lie in shared memory, but a table can
// be reached from both sides. The entry of the PipeRing with which a parcel goes has its number as note.
// Whoever takes that entry takes the parcel, whether he wants it or not; so nothing stays behind.
//
// The container pays for both. A parcel comes from somebody who may be hostile: what is in it is
// looked at before anything is made of it (adopt.hpp), and what is not as it should be is left out.
// Nothing here is ever waited for, and the shelf holds what its two sides have sent each other, nothing else.
#pragma once

#include <atomic>
#include <optional>
#include <span>
#include <vector>

#include "libs/ipc/kernel_objects.hpp"
#include "linux/fd/description.hpp"

namespace linux::fd {

inline constexpr std::size_t most_passed = 253;  // SCM_MAX_FD

using Parcel = ipc::Capability<ipc::CapTable>;

// EINVAL: one of them cannot go to another process. ENOMEM.
Result<Parcel> pack(std::span<const Handle> descriptions);

struct Unpacked {
    std::vector<Handle> descriptions;
    bool complete = true;  // nothing was left out
};
Unpacked unpack(const Parcel& parcel);

// One direction of a connection, as either side sees it.
class Shelf {
public:
    static constexpr std::uint32_t places = 24;  // more than a PipeRing has entries
    static constexpr std::uint64_t slots = 64;
    // Of a table for two directions; slots below are free for other use.
    static constexpr abi::CapIndex first_slot = 16;

    // `used`: a bit for each place that is taken, in memory that both sides share.
    Shelf(ipc::Ref<ipc::CapTable> table, std::uint32_t direction, std::atomic<std::uint32_t>& used)
        : table_(table), first_(first_slot + direction * places), used_(&used) {}

    // -> the note for the entry; none: no room, and the parcel stays where it is.
    std::optional<std::uint32_t> put(Parcel& parcel);
    // Empty if there is none.
    Parcel take(std::uint32_t note);
    [[nodiscard]] bool empty() const { return used_->load() == 0; }
    void clear();

private:
    std::optional<std::uint32_t> take_place();
    void free_place(std::uint32_t place) { used_->fetch_and(~(1U << place)); }

    ipc::Ref<ipc::CapTable> table_;
    abi::CapIndex first_;
    std::atomic<std::uint32_t>* used_;
};

}  // namespace linux::fd
