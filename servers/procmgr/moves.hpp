// SPDX-License-Identifier: MIT
// Capabilities of descriptors on their way into a new image. Each function goes through the block's
// descriptors and replaces every slot by the slot in the new table; slots that occur several times
// (descriptors that share an open file) are brought over once.
//
// Slots come from a client: those below process::first_free are the process's own means and are
// refused, as are slots that hold nothing.
#pragma once

#include "servers/procmgr/body.hpp"
#include "servers/procmgr/container.hpp"
#include "servers/procmgr/model/image_block.hpp"

namespace procmgr {

// Out of the old image's table: exec.
[[nodiscard]] Result<void> move_from(const Body& from, Body& to, ImageBlock& image);
// The slots are procmgr's own.
[[nodiscard]] Result<void> copy_own(Body& to, ImageBlock& image);
// Every descriptor gets the same file.
[[nodiscard]] Result<void> give_all(ipc::Ref<fs::File> file, Body& to, ImageBlock& image);

// Descriptors 1 and 2 of an image that has not been started become these files, open for writing. What they were is taken
// from it, unless another descriptor has it, too.
struct Outputs {
    ipc::Capability<fs::File> output, errors;
};
[[nodiscard]] Result<void> replace_outputs(const Body& to, ImageBlock& image, Outputs files);

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
