// SPDX-License-Identifier: MIT
// From a Cluufile and a command line to the plan of a container: what exactly it will be, and may do. procmgr builds
// what the plan says, and `container explain` and /proc/PID/authority put the same plan into words (explain.hpp). Pure:
// nothing is read or bought here.
//
//   Cluufile -------------- plan_of ------> Plan (owns its strings)
//   Plan + command line --- arguments_of -> what the program finds as its arguments
//                       --- Names --------> what of the command line it is granted
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "libs/cluufile/cluufile.hpp"

namespace cluufile {

// A directory or file of the starter's at another path: no line of a Cluufile, but whoever starts the container names it.
struct Volume {
    std::string path;    // absolute and normal, neither `/` nor at or below /proc
    std::string source;  // absolute, as the starter sees it
    bool read_only = false;
};

struct Plan {
    std::string image;
    std::string program;                         // absolute path; empty: a base that cannot be run
    std::vector<std::string> words;              // the first arguments, argv[0] included
    std::vector<std::string> default_arguments;  // if the starter gives none
    std::vector<std::pair<std::string, std::string>> environment;
    std::vector<std::pair<std::string, std::string>> labels;
    std::string user, group;  // names or numbers; empty: the starter's
    std::string directory;    // where it starts; empty: where its starter is
    std::vector<std::pair<std::string, MountMode>> mounts;
    std::vector<std::pair<std::string, std::uint64_t>>
        sizes;  // of private mounts, where it is said
    std::vector<Volume> volumes;
    std::vector<std::pair<std::string, std::string>>
        files;  // of mounts of an image's files: the path, and whose they are
    // Where such an image is in the folder of all images, if not under its own name; for procmgr.
    std::vector<std::pair<std::string, std::string>> places;
    Grants grants;
    Profiles profiles;
    Restart restart;
    std::vector<std::string> check;  // HEALTHCHECK: a program and its arguments
    std::uint64_t check_interval_ms = 0;
    std::uint32_t check_retries = 0;
    std::vector<std::string> depends;  // images
    std::vector<std::string> steps;    // that make its files: COPY and BUILD, as they stand there
    std::uint64_t memory_limit = 0;
    std::uint32_t process_limit = 0;
    std::uint32_t cpu_limit = 0;  // hundredths of a CPU; 0: none
    std::uint32_t descriptor_limit = 0;
    std::uint64_t time_limit_ms = 0;
    std::uint64_t disk_limit = 0;  // bytes
    std::uint64_t log_limit = 0;   // bytes; 0: usual_log_limit

    [[nodiscard]] bool shows_files() const {
        return !mounts.empty() || grants.any() || !volumes.empty();
    }
    // The most bytes in the private mount at this path; 0: what fits the container.
    [[nodiscard]] std::uint64_t size_of(std::string_view path) const;
    // The image whose files the mount at this path shows; empty: it is no such mount.
    [[nodiscard]] std::string_view files_of(std::string_view path) const;
};

inline constexpr std::string_view processes_path = "/proc";

// Whose processes a container sees. A mount that stands further up than /proc shows only its own, one of
// /proc itself what it says.
enum class Processes : std::uint8_t {
    none,
    own,       // those of the container, and of the containers that it starts
    starters,  // those that its starter sees
};
[[nodiscard]] Processes processes_of(const Plan& plan);

// The mount that holds at an absolute, normal path; null: none does.
[[nodiscard]] const std::pair<std::string, MountMode>* mount_at(const Plan& plan,
                                                                std::string_view path);

[[nodiscard]] Plan plan_of(std::string_view image, const Cluufile& file);

// The words of ENTRYPOINT after the program come first, argv[0] included; what the starter gave,
// but for its argv[0], or else the default arguments, follow. With a program alone, argv[0] is the
// starter's.
[[nodiscard]] std::vector<std::string> arguments_of(const Plan& plan,
                                                    std::vector<std::string> given);

struct CommandLine {
    std::span<const std::string> arguments;  // argv[0] first
    std::string_view directory;              // the starter's current one, absolute
    // /proc/self is what it will be to the program itself; 0: that is not known.
    std::uint32_t own = 0;
    std::size_t first = 1;  // the index of the first argument that the starter gave
};

struct GrantedName {
    std::string path;  // absolute, otherwise as it is written
    Rights rights;     // none: only to be looked at
    Rights beside;     // for what is in the same directory
};

// What a command line grants: the current directory comes first, if only to be looked at; then each
// argument that does not begin with `-`, or comes after `--`, is a name; of one with `=`, what is
// behind the first of these is one, too.
class Names {
public:
    // The plan, and what the line refers to, must outlive this.
    Names(const Plan& plan, const CommandLine& line);

    // At most; 0: nothing is granted.
    [[nodiscard]] std::uint32_t count() const;
    // The next name, until the one after; null: these were all.
    [[nodiscard]] const GrantedName* next();

private:
    const Plan& plan_;
    CommandLine line_;
    std::size_t argument_;
    bool directory_done_ = false;
    bool only_names_ = false;  // after `--`
    bool value_ = false;       // next is what is behind the `=`
    GrantedName name_;
};

}  // namespace cluufile
