// SPDX-License-Identifier: MIT
// From an archive to an image: FOLDER/NAME/root with its files, and FOLDER/NAME/Cluufile.
#pragma once

#include "apps/oci/source.hpp"
#include "apps/oci/workshop.hpp"

namespace oci {

// What an image may have at most, unpacked; its archive may have twice as much.
inline constexpr std::uint64_t most_bytes = std::uint64_t{1} << 30;

// -> the image's name. `name` may be empty: then it is made from what the archive calls its image,
// or from what the archive is called. One that was built or imported is replaced. After an error nothing is left. The descriptor stays the
// caller's.
Result<std::string> import_image(int archive, const std::string& called, std::string name,
                                 const std::string& folder, std::uint64_t most = most_bytes,
                                 const Used& used = std::nullopt);

}  // namespace oci
