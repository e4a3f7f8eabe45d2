// SPDX-License-Identifier: MIT
// The Cluufile of an imported image: what its configuration asks for, and as little authority as a
// program can do with.
#pragma once

#include "apps/oci/archive.hpp"
#include "apps/oci/tree.hpp"

namespace oci {

// What cannot be said in a Cluufile is an error. The text is a right Cluufile.
Result<std::string> recipe_of(const Image& image, const Tree& tree);

// A name of an image in CLUU from what an archive calls it ("library/busybox:1.36" -> "busybox"),
// or from the archive's own file name. Empty: none can be made.
std::string image_name_of(std::string_view called, std::string_view file);

}  // namespace oci
