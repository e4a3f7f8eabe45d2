// SPDX-License-Identifier: MIT
// What an image needs (DEPENDS), in the order in which it must be there. Pure: the Cluufiles come from an
// ImageSource.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "libs/cluufile/cluufile.hpp"

namespace container_tool {

// All images that `image` needs, directly or not, each behind those that it needs itself, without `image`. Or
// what is wrong: a mistake in a Cluufile, an image that does not exist, or a circle, which is named.
std::expected<std::vector<std::string>, std::string> dependencies_of(const std::string& image,
                                                                     cluufile::ImageSource& images);

}  // namespace container_tool
