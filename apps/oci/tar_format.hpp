// SPDX-License-Identifier: MIT
// Where the fields of a tar header are (IEEE Std 1003.1, pax, ustar Interchange Format).
#pragma once

#include <cstddef>

namespace oci {

inline constexpr std::size_t block = 512;

struct Field {
    std::size_t offset, length;
};
inline constexpr Field name_field{0, 100}, mode_field{100, 8}, user_field{108, 8},
    group_field{116, 8}, size_field{124, 12}, modified_field{136, 12}, checksum_field{148, 8},
    link_field{157, 100}, magic_field{257, 8}, prefix_field{345, 155};
inline constexpr std::size_t type_offset = 156;

}  // namespace oci
