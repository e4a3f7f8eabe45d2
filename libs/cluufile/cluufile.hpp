// SPDX-License-Identifier: MIT
// What a Cluufile says: the authority of one container, as data.
//
// This is the only parser of Cluufiles. It is used by procmgr, which builds containers, by the
// tools on the target, and by the image builder on the host. It allocates nothing: every list has a
// fixed capacity, and every string is a view of the text that was parsed. So a Cluufile lives no
// longer than its text and the texts of the images that it is built FROM.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "libs/base/flags.hpp"
#include "libs/base/result.hpp"

namespace cluufile {

// A list with room for N elements, stored in place.
template <class T, std::size_t N>
class Bounded {
public:
    [[nodiscard]] bool push(const T& value) {
        if (size_ == N) return false;
        items_[size_++] = value;
        return true;
    }
    void clear() { size_ = 0; }
    bool empty() const { return size_ == 0; }
    bool full() const { return size_ == N; }
    std::size_t size() const { return size_; }
    T& operator[](std::size_t index) { return items_[index]; }
    const T& operator[](std::size_t index) const { return items_[index]; }
    T* begin() { return items_.data(); }
    T* end() { return items_.data() + size_; }
    const T* begin() const { return items_.data(); }
    const T* end() const { return items_.data() + size_; }

private:
    std::array<T, N> items_{};
    std::size_t size_ = 0;
};

enum class MountMode : std::uint8_t {
    none,      // hidden, even where a mount further up would show it
    private_,  // an empty directory of the container's own, gone when it ends
    readonly,  // what the starter sees there, but not to be changed
    inherit,   // what the starter sees there, with the starter's rights
    image,     // what the image's own files are there, not to be changed
};

// Whether `path` is `directory` or lies below it; both absolute and normal.
bool is_at_or_below(std::string_view path, std::string_view directory);

struct Mount {
    std::string_view path;  // absolute and normal: no empty, `.` or `..` component, no `/` at the
                            // end (but for the root)
    MountMode mode = MountMode::none;
    std::uint64_t size = 0;  // private_: the most bytes in it; 0: what fits its container
    std::string_view image;  // image: whose files, if a FROM brought it; empty: this one's
};

// What may be done with names that the program is not told by a mount. A bit set.
enum class Right : std::uint8_t {
    read = 1 << 0,    // open for reading, list
    write = 1 << 1,   // change what exists, remove it
    create = 1 << 2,  // make what does not exist
    start = 1 << 3,   // argv alone: start it as the starter could. No right to files
};

using Rights = base::Flags<Right>;

// Where such names come from.
struct Grants {
    Rights argv;    // what the arguments of the command line name, and all below
    Rights beside;  // what is in the same directory as that
    Rights cwd;     // the starter's current directory, and all below

    // Of files: to start programs, none need be seen.
    Rights of_argv() const { return argv.without(Right::start); }
    bool any() const { return !(of_argv() | beside | cwd).empty(); }
    bool starts() const { return argv.has(Right::start); }
};

// The groups of endpoints that a container may be given. A bit set.
enum class Profile : std::uint32_t {
    ipc = 1 << 0,         // make endpoints, and pass capabilities to others
    vfs = 1 << 1,         // resolve names in the view that the mounts describe
    registry = 1 << 2,    // look up and offer services by name
    net = 1 << 3,         // sockets
    admin = 1 << 4,       // see and manage the containers of others
    device = 1 << 5,      // ask devmgr for devices
    supervisor = 1 << 6,  // start and stop containers
    accounts = 1 << 7,  // call the server of users: log in, become another user, change a password
    framebuffer = 1 << 8,  // draw on the screen while its terminal is in front
};

using Profiles = base::Flags<Profile>;

struct NamedValue {
    std::string_view name;
    std::string_view value;
};

// Who a container's processes are. The words are as they were written: what a name means, the
// system that runs it knows.
struct User {
    std::string_view user;   // a name or a number; empty: the starter
    std::string_view group;  // empty: the user's own
};

enum class RestartPolicy : std::uint8_t { no, always, on_failure };

// A program that says, by its exit status, whether the container does what it is there for.
inline constexpr std::size_t max_check_words = 16;
struct HealthCheck {
    Bounded<std::string_view, max_check_words> program;  // and its arguments; empty: there is none
    std::uint64_t interval_ms = 30'000;
    std::uint32_t retries = 3;  // failures in a row that make it unhealthy
};

struct Restart {
    RestartPolicy policy = RestartPolicy::no;
    std::uint32_t attempts = 0;  // for on_failure: how often in a row
};

inline constexpr std::size_t max_mounts = 32;
inline constexpr std::size_t max_entrypoint = 16;
inline constexpr std::size_t max_default_arguments = 16;
inline constexpr std::size_t max_environment = 32;
inline constexpr std::size_t max_labels = 32;
inline constexpr std::size_t max_depends = 8;
inline constexpr std::size_t max_steps = 32;
inline constexpr std::size_t max_copied = 15;  // sources of one COPY
inline constexpr std::size_t max_from_depth = 8;
inline constexpr std::size_t max_path = 255;
inline constexpr std::size_t max_image_name = 63;
inline constexpr std::uint64_t min_memory_limit = 64 * 1024;
inline constexpr std::uint64_t max_memory_limit = std::uint64_t{1} << 46;
inline constexpr std::uint32_t max_process_limit = 1000;
inline constexpr std::uint32_t max_retries = 1000;
inline constexpr std::uint32_t min_descriptor_limit = 3;
inline constexpr std::uint32_t max_descriptor_limit = 1024;
inline constexpr std::uint64_t min_time_ms = 10;
inline constexpr std::uint64_t max_time_ms = std::uint64_t{1000} * 3600 * 1000;
inline constexpr std::uint32_t max_cpu_limit = 100;
inline constexpr std::uint64_t min_log_limit = 4 << 10, max_log_limit = 16 << 20;
inline constexpr std::uint64_t usual_log_limit = 64 << 10;

// How an image's own files are made (`container build`); of no effect on what a container may do.
struct Step {
    enum class Kind : std::uint8_t { copy, build } kind = Kind::copy;
    std::uint32_t line = 0;
    std::string_view text;  // of the line, behind the directive (steps.hpp)
};

struct Cluufile {
    std::string_view base;  // FROM; empty: minimal
    // In the order of the lines; those of the base have been carried out.
    Bounded<Step, max_steps> steps;
    Profiles profiles;
    Bounded<Mount, max_mounts> mounts;
    Grants grants;
    Bounded<std::string_view, max_entrypoint>
        entrypoint;  // empty: a base to build on, which cannot be run
    // What follows the entry point's words if its starter gives no arguments.
    Bounded<std::string_view, max_default_arguments> default_arguments;
    Bounded<NamedValue, max_environment> environment;
    Bounded<NamedValue, max_labels> labels;
    User user;
    std::string_view directory;  // where it starts; empty: where its starter is
    Restart restart;
    HealthCheck health_check;
    Bounded<std::string_view, max_depends> depends;  // images whose containers must run
    // 0: none of its own, only that of the starter.
    std::uint64_t memory_limit = 0;      // bytes
    std::uint32_t process_limit = 0;     // processes at a time
    std::uint32_t cpu_limit = 0;         // hundredths of one CPU's time
    std::uint32_t descriptor_limit = 0;  // of each process
    std::uint64_t time_limit_ms = 0;     // of a run
    std::uint64_t disk_limit = 0;        // bytes of all private mounts together
    std::uint64_t log_limit = 0;         // bytes of its log; 0: usual_log_limit

    // The mode that holds at an absolute, normal path: that of the longest mount that is a prefix
    // of it. Nothing is visible where no mount is.
    MountMode mode_at(std::string_view path) const;
};

// A mistake in a Cluufile, precise enough to be mended without looking anything up.
struct Error {
    std::string_view file;
    std::uint32_t line = 0;
    std::uint32_t column = 0;   // counted in bytes, from 1
    std::string_view found;     // the offending text; empty: the end of the line
    std::string_view expected;  // a phrase that completes "expected ..."
    std::uint32_t earlier = 0;  // a line number that the phrase refers to at its end, or 0
};

// Writes `FILE:LINE:COLUMN: found 'X', expected Y` into the buffer, cut to its size; bytes of X
// that are not printable ASCII appear as \xNN, and only the start of a long X is shown.
std::string_view format(const Error& error, std::span<char> buffer);

// Finds the text of the image that FROM names. `minimal` is never asked for: it is empty and built
// in.
class ImageSource {
public:
    virtual std::optional<std::string_view> find(std::string_view image) = 0;

protected:
    ~ImageSource() = default;
};

// `file` is the name that errors show. Directives of the file itself override those of its base.
base::Result<Cluufile, Error> parse(std::string_view file, std::string_view text,
                                    ImageSource& images);

// 1 to 63 of a-z 0-9 . _ -, beginning with a letter or digit: safe as a name of a directory.
bool is_image_name(std::string_view name);

std::string_view name_of(MountMode mode);
std::string_view name_of(RestartPolicy policy);
// Their words, with blanks between them.
std::string_view name_of(Rights rights);
// The words of the profiles, in the order of their bits.
std::span<const std::string_view> profile_names();
// Those whose services the system does not have: granting them grants nothing.
inline constexpr Profiles profiles_without_service =
    Profiles{Profile::registry} | Profile::net | Profile::device;

}  // namespace cluufile
