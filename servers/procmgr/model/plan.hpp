// SPDX-License-Identifier: MIT
// From the plan of a container (libs/cluufile/plan.hpp) to what procmgr sends and keeps. Pure: nothing is
// read or bought here.
//
//   path of the executable ----- image_of_path ----> name of the image, if it can have one
//   Plan + starter's ImageBlock - apply ------------> ImageBlock of the container's first process
//   Plan ------------------------ mount_rules ------> payload of names::Derive
//   Plan + command line --------- GrantedNames -----> payloads of names::Derive and names::Grant
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "interfaces/container.hpp"
#include "interfaces/namespace.hpp"
#include "libs/cluufile/plan.hpp"
#include "servers/procmgr/model/image_block.hpp"

namespace procmgr {

using cluufile::Plan;

inline constexpr std::string_view image_folder = "/var/images/";
inline constexpr std::string_view image_file = "/Cluufile";
// Below an image's own folder: its files, for MOUNT ... image.
inline constexpr std::string_view image_root = "/root";
// The folder of an image that was built or imported is a link to a directory beside it, which stays as it is as long as anybody
// uses it: another image of the same name has another one. -> the directory's name; empty: it is no such link.
[[nodiscard]] std::string_view place_of_image(std::string_view link);

struct ImageName {
    std::string name;
    bool demanded = false;  // the path named the Cluufile itself: without one, the exec fails
};

// /bin/NAME and /usr/bin/NAME can have the image NAME; /var/images/NAME/Cluufile demands it, as does
// that of an image that is being made.
[[nodiscard]] ImageName image_of_path(std::string_view path);

// What whoever starts the container takes from it.
void narrow(Plan& plan, const container::ConfigureNext& how);

// What whoever starts it puts into it, instead of what its Cluufile has at these paths. invalid: it sees no files at all.
[[nodiscard]] Result<void> add_volumes(Plan& plan, std::vector<cluufile::Volume> volumes);

// container::AddVolume's payload; invalid, if that is no such thing.
[[nodiscard]] Result<cluufile::Volume> parse_volume(std::string_view text, bool read_only);

// The arguments and the environment of the container's first process, and where it starts. -> the index
// of the first argument that the starter gave.
std::size_t apply(const Plan& plan, ImageBlock& image);

// For a further program in the container: its variables, and where it starts.
void place_inside(const Plan& plan, ImageBlock& image);

// GRANT argv start: the programs that the arguments name which the starter gave. One without a `/` is any of that name, as it
// is found in a path; another one is where it is from the starter's directory. Of very long command lines, the first 2 KiB.
class StartableNames {
public:
    static constexpr std::size_t most_bytes = 2048;
    StartableNames() = default;
    StartableNames(const Plan& plan, const ImageBlock& image);
    // An absolute path, however it is spelt.
    [[nodiscard]] bool contains(std::string_view path) const;

private:
    std::vector<std::string> names_;
};

// What runs for HEALTHCHECK: its program, with the variables of the image.
[[nodiscard]] ImageBlock check_image(const Plan& plan);

// With a rule for /proc, if the container sees its own processes there (names::Access::given).
// not more than fits a message, else too_big. `private_limit`: bytes of each private mount without a
// size.
[[nodiscard]] Result<std::vector<std::byte>> mount_rules(const Plan& plan,
                                                         std::uint64_t private_limit = 0);

// The same for all that the one sees from whose view it is derived, to be read.
[[nodiscard]] std::vector<std::byte> whole_view();

// What a command line grants (cluufile::Names), in messages for vfs.
class GrantedNames {
public:
    // `first`: the index of the first argument that the starter gave. Plan and image must outlive this.
    // `own`: the program's number; 0: it is not known.
    GrantedNames(const Plan& plan, const ImageBlock& image, Pid own, std::size_t first = 1)
        : names_(plan, {.arguments = image.arguments,
                        .directory = image.directory,
                        .own = own,
                        .first = first}) {}

    // At most; 0: nothing is granted.
    [[nodiscard]] std::uint32_t count() const { return names_.count(); }
    // Appends what fits into a payload of this size. -> is there more?
    bool append(std::vector<std::byte>& payload, std::size_t most);

private:
    cluufile::Names names_;
    const cluufile::GrantedName* pending_ = nullptr;  // has not been appended yet
};

// For `container inspect`: one `key: value` a line.
[[nodiscard]] std::string describe(const Plan& plan);

}  // namespace procmgr
