// SPDX-License-Identifier: MIT
// From a record (process::ImageDescriptor) back to a description: what a new image finds, and what
// other processes pass on. Who wrote it may be hostile, so capabilities are looked at before anything
// relies on what they are: an object of another type, memory that is too small or that somebody else
// fills. What its partner does with a shared object later can make a description talk nonsense, and no more.
#pragma once

#include "linux/fd/description.hpp"

namespace linux::fd {

// Takes over the capabilities, whatever it answers. `partner`: the other end of a pipe or socket pair that is
// here already, and whose record names the same Memory. EINVAL.
Result<Handle> adopt_description(const process::ImageDescriptor& from,
                                 const PipeEnd* partner = nullptr);

// Does this slot of the own table hold a capability to such an object?
bool is_object(abi::CapIndex slot, abi::ObjectType type);

}  // namespace linux::fd
