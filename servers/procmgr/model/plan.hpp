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
    cluufile::Grants grants;
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

// What a command line grants, in messages for vfs (names::Derive, names::Grant): each argument that
// does not begin with `-`, or comes after `--`, is a name; of one with `=`, what is behind the first of
// these is one, too. The current directory comes first, if only to be looked at.
class GrantedNames {
public:
    // `applied`: the image's arguments begin with the plan's words. Both must outlive this. /proc/self is
    // what it will be to the program itself; 0: that is not known.
    GrantedNames(const Plan& plan, const ImageBlock& image, Pid own, bool applied = false);

    // At most; 0: nothing is granted.
    [[nodiscard]] std::uint32_t count() const;
    // Appends what fits into a payload of this size. -> is there more?
    bool append(std::vector<std::byte>& payload, std::size_t most);

private:
    // The next name and its rights, or false.
    bool next();

    const Plan& plan_;
    const ImageBlock& image_;
    Pid own_;
    std::size_t first_;
    std::size_t argument_;
    bool directory_done_ = false;
    bool only_names_ = false;  // after `--`
    bool value_ = false;       // next is what is behind the `=`
    bool pending_ = false;     // name_ has not been appended yet
    std::string name_;
    names::MountRule rule_;
};

// For `container inspect`: one `key: value` a line.
[[nodiscard]] std::string describe(const Plan& plan);

}  // namespace procmgr
