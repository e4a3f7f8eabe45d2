// SPDX-License-Identifier: MIT
// From a Cluufile to the plan of a container: what exactly procmgr will build. Pure: nothing is read
// or bought here.
//
//   path of the executable ----- image_of_path ----> name of the image, if it can have one
//   Cluufile -------------------- plan_of ----------> Plan (owns its strings)
//   Plan + starter's ImageBlock - apply ------------> ImageBlock of the container's first process
//   Plan ------------------------ mount_rules ------> payload of names::Derive
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "interfaces/namespace.hpp"
#include "libs/cluufile/cluufile.hpp"
#include "servers/procmgr/model/image_block.hpp"

namespace procmgr {

inline constexpr std::string_view image_folder = "/var/images/";
inline constexpr std::string_view image_file = "/Cluufile";

struct Plan {
    std::string image;
    std::string program;             // absolute path; empty: a base that cannot be run
    std::vector<std::string> words;  // the first arguments, argv[0] included
    std::vector<std::pair<std::string, std::string>> environment;
    std::vector<std::pair<std::string, names::Access>> mounts;
    cluufile::Profiles profiles;
    cluufile::Restart restart;
    std::uint64_t memory_limit = 0;
    std::uint32_t process_limit = 0;
    std::uint32_t cpu_limit = 0;  // hundredths of a CPU; 0: none
};

struct ImageName {
    std::string name;
    bool demanded = false;  // the path named the Cluufile itself: without one, the exec fails
};

// /bin/NAME and /usr/bin/NAME can have the image NAME; /var/images/NAME/Cluufile demands it.
[[nodiscard]] ImageName image_of_path(std::string_view path);

[[nodiscard]] Plan plan_of(std::string_view image, const cluufile::Cluufile& file);

// The words of ENTRYPOINT after the program come first, argv[0] included; what the starter gave,
// but for its argv[0], follows. With a program alone, argv[0] is the starter's.
void apply(const Plan& plan, ImageBlock& image);

// not more than fits a message, else too_big. `private_limit`: bytes of each private mount.
[[nodiscard]] Result<std::vector<std::byte>> mount_rules(const Plan& plan,
                                                         std::uint64_t private_limit = 0);

// For `container inspect`: one `key: value` a line.
[[nodiscard]] std::string describe(const Plan& plan);

}  // namespace procmgr
