// SPDX-License-Identifier: MIT
// Capabilities of descriptors on their way into a fresh image. Each function goes through the block's
// descriptors, replaces every slot by the one in the new table, from first_given_slot on, and tells what is to be put there;
// slots that occur several times (descriptors that share an open file) are brought over once.
#pragma once

#include "servers/procmgr/body.hpp"
#include "servers/procmgr/container.hpp"
#include "servers/procmgr/model/image_block.hpp"

namespace procmgr {

// Out of the old image's table: exec. The slots come from a client: not_permitted for those below process::first_free, which are the
// process's own means.
[[nodiscard]] Result<std::vector<abi::Placement>> moves(ImageBlock& image);
// The slots are procmgr's own.
[[nodiscard]] std::vector<abi::Placement> copies(ImageBlock& image);
// Every descriptor gets the same file.
[[nodiscard]] std::vector<abi::Placement> copies_of(ipc::Ref<fs::File> file, ImageBlock& image);

// Descriptors 1 and 2 go; and one of them becomes a file in this slot, open for writing.
void drop_outputs(ImageBlock& image);
void add_output(ImageBlock& image, std::uint32_t number, abi::CapIndex slot);

// The view of a run of a container that is traced, for container::ReadUses.
void keep_trace(Container& container, ipc::Ref<names::View> view);
// Before the next run's view is made.
void make_room_for_trace(Container& container);

// What it takes to start this image again: its descriptors' capabilities, copied. Null if there is
// no room for them.
[[nodiscard]] std::unique_ptr<RestartKit> make_kit(const Body& body, const ImageBlock& image,
                                                   ipc::Ref<names::View> starter_view, Started by);

// What /proc shows of a process from now on.
void note_program(Process& process, const ImageBlock& image);

}  // namespace procmgr
