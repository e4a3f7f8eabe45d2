// SPDX-License-Identifier: MIT
// Building the kernel objects of a process: a fresh image (bank, capability table, address space with
// the Linux library, first thread), or a copy of a running one (fork).
//
//   create ---> move capabilities into body.table ---> start        a fresh image
//   copy --------------------------------------------> start        fork
//
// Kernel operations only: nothing here calls another process. A failure leaves nothing behind.
#pragma once

#include "libs/base/fixed_vector.hpp"
#include "libs/ipc/kernel_objects.hpp"
#include "libs/process/loaded_image.hpp"
#include "servers/procmgr/body.hpp"
#include "servers/procmgr/model/process_table.hpp"

namespace procmgr {

// A descriptor takes up to ImageDescriptor::most_capabilities slots; threads and mappings take others.
inline constexpr std::uint64_t process_table_slots = 8192;
inline constexpr std::uint64_t slots_beside_descriptors = 2048;
// Of the Memory of the library's data: the first stack, and the heap's beginning.
inline constexpr std::uint64_t beyond_library =
    process::first_stack_bytes + process::first_heap_bytes;
inline constexpr std::uint8_t process_priority = 64;
// Slots of a fresh image: its program, then the capabilities of its descriptors.
inline constexpr abi::CapIndex executable_slot = process::first_free;
inline constexpr abi::CapIndex first_given_slot = executable_slot + 1;

struct ImageRequest {
    const Process* process = nullptr;
    std::string_view container_name;
    ipc::Ref<ipc::Bank> container_bank;
    ipc::Ref<ipc::SchedContext> cpu;  // that its own are to be within
    std::uint64_t memory_limit = 0;
    std::uint32_t descriptor_limit = 0;
    SharedView view;                // of a fork, the parent's is taken
    ipc::Ref<fs::File> executable;  // of a fresh image
    bool has_terminal = false;
    bool may_log = false;
    bool starts_named = false;
    std::uint32_t serial = 0;
    SharedPlaces* places = nullptr;
};

// The caller of fork: what the copy is made of.
struct ForkSource {
    const Body* body = nullptr;
    process::Fork fork;
    std::span<const std::byte> user;  // ControlPage::user of the copy
};

class ImageBuilder {
public:
    ImageBuilder(const loader::LoadedImage& library, ipc::Ref<ipc::Memory> time_page,
                 ipc::Ref<ipc::Endpoint> endpoint, ipc::Ref<ipc::Log> log)
        : library_(library), time_page_(time_page), endpoint_(endpoint), log_(log) {}

    // With the library, its stack, and the ImageStart block.
    [[nodiscard]] ipc::KernelResult<Body> create(const ImageRequest& request,
                                                 std::span<const std::byte> block) const;
    [[nodiscard]] ipc::KernelResult<Body> copy(const ImageRequest& request,
                                               const ForkSource& source) const;

private:
    // What is needed no more when the body is complete: given back at once.
    struct Spare {
        ipc::Capability<ipc::Memory> pages, data, block;
        ipc::Capability<ipc::SchedContext> context;
    };
    using Slots = base::FixedVector<abi::Placement, process::first_free>;
    // `body` has its bank, space and table; the table is filled with `slots`, and with what every process has. `start`: the user part
    // of the control page.
    [[nodiscard]] ipc::KernelResult<void> complete(Body& body, const ImageRequest& request,
                                                   std::span<const std::byte> start, Slots& slots,
                                                   Spare& spare) const;
    [[nodiscard]] ipc::KernelResult<void> add_pages(Body& body, const ImageRequest& request,
                                                    std::span<const std::byte> user,
                                                    Spare& spare) const;
    [[nodiscard]] ipc::KernelResult<void> add_shared(Body& body, const ImageRequest& request,
                                                     ipc::Ref<ipc::Memory> memory) const;
    [[nodiscard]] ipc::KernelResult<void> load(Body& body, std::span<const std::byte> block,
                                               Spare& spare) const;

    const loader::LoadedImage& library_;
    ipc::Ref<ipc::Memory> time_page_;
    ipc::Ref<ipc::Endpoint> endpoint_;
    ipc::Ref<ipc::Log> log_;
};

// Up to 4 KiB at a time.
[[nodiscard]] ipc::KernelResult<void> write_memory(ipc::Ref<ipc::Memory> memory,
                                                   std::uint64_t offset,
                                                   std::span<const std::byte> data);

void write_identity(const Body& body, const Process& process, std::string_view container_name,
                    bool has_terminal);

}  // namespace procmgr
