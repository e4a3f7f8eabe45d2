// SPDX-License-Identifier: MIT
// container run: this process, or with -d a child of it, becomes the container. container exec: it becomes one more process of
// a container that runs.
//
// Executing a Cluufile is how an image is asked for by its name: procmgr reads the file, and replaces the process by one
// with exactly the authority that the file grants. Descriptors, terminal, process id and parent stay, so job control
// and waiting work as with any program.
#include <fcntl.h>
#include <unistd.h>
#include <cerrno>
#include <cstring>
#include <expected>
#include <functional>
#include <vector>

#include "apps/container/command.hpp"
#include "apps/container/dependencies.hpp"
#include "apps/container/images.hpp"
#include "apps/container/manager.hpp"
#include "apps/container/text.hpp"

extern char** environ;

namespace container_tool {

namespace {

constexpr int status_not_found = 127;
constexpr int status_not_executable = 126;

struct RunOptions {
    bool detached = false;
    std::string name;
    container::ConfigureNext how;
    std::string complaint;  // of an option that is known, but cannot be
    std::vector<std::string> environment;
    std::vector<Volume> volumes;
    Arguments words;  // the image and its arguments
};

// `--name VALUE`, or `--name=VALUE`: what stands behind; null if nothing does. `option` is the name alone then.
const char* value_of(Arguments& rest, std::string_view& option) {
    const std::size_t equals = option.starts_with("--") ? option.find('=') : option.npos;
    if (equals != option.npos) {
        option = option.substr(0, equals);
        return rest[0] + equals + 1;
    }
    if (rest.size() < 2) return nullptr;
    rest = rest.subspan(1);
    return rest[0];
}

bool take_switch(std::string_view option, RunOptions& options) {
    if (option == "--rm") {
        options.how.flags |= container::ConfigureNext::forget;
        return true;
    }
    if (option == "--detach") option = "-d";
    if (option == "--interactive" || option == "--tty") option = "-i";
    // Letters together: -it. Input and terminal are the caller's own descriptors, so -i and -t ask for what is so anyway.
    if (option.size() < 2 || option[0] != '-' ||
        option.find_first_not_of("dit", 1) != std::string_view::npos)
        return false;
    options.detached = options.detached || option.contains('d');
    return true;
}

// Of a CPU: 20% as in a Cluufile, or 0.2 as Docker has it.
std::optional<std::uint32_t> parse_share(std::string_view text) {
    std::optional<std::uint32_t> percent;
    if (text.ends_with('%')) {
        percent = parse_percent(text.substr(0, text.size() - 1));
    } else if (const std::size_t point = text.find('.'); point != text.npos) {
        std::string digits(text.substr(point + 1));
        digits.resize(std::max<std::size_t>(digits.size(), 2), '0');
        const bool is_below_one = text.substr(0, point).empty() || text.substr(0, point) == "0";
        if (is_below_one && digits.size() == 2) percent = parse_percent(digits);
    } else if (text == "1") {
        percent = 100;
    }
    return percent;
}

// False: there is no such option, or it has no such value.
bool take_value(std::string_view option, std::string_view value, RunOptions& options) {
    if (option == "-e" || option == "--env") {
        // A name alone is the caller's variable, which is passed on anyway.
        if (value.contains('=')) options.environment.emplace_back(value);
        return !value.empty();
    }
    if (option == "--name") {
        options.name = value;
        return true;
    }
    if (option == "--net" || option == "--network") {
        options.how.flags |= container::ConfigureNext::without_network;
        if (value != "none")
            options.complaint = "--net " + std::string(value) +
                                ": there is no network yet, for any container: only none";
        return value == "none";
    }
    if (option == "-v" || option == "--volume") {
        const auto volume = parse_volume(value);
        if (volume) options.volumes.push_back(*volume);
        return volume.has_value();
    }
    if (option == "--memory" || option == "-m") {
        const auto size = parse_size(value);
        options.how.memory_limit = size.value_or(0);
        return size.has_value();
    }
    constexpr std::string_view log_size = "max-size=";
    if (option == "--log-opt" && value.starts_with(log_size)) {
        const auto size = parse_size(value.substr(log_size.size()));
        const bool fits =
            size && *size >= cluufile::min_log_limit && *size <= cluufile::max_log_limit;
        options.how.log_limit = fits ? *size : 0;
        return fits;
    }
    if (option == "--cpu" || option == "--cpus") {
        const auto share = parse_share(value);
        options.how.cpu_limit = share.value_or(0);
        return share.has_value();
    }
    return false;
}

// False, if the words make no sense.
bool parse_options(Arguments rest, RunOptions& options) {
    for (; !rest.empty() && rest[0][0] == '-'; rest = rest.subspan(1)) {
        std::string_view option = rest[0];
        if (take_switch(option, options)) continue;
        const char* value = value_of(rest, option);
        if (value == nullptr || !take_value(option, value, options)) return false;
    }
    options.words = rest;
    return !rest.empty();
}

// The caller's environment, with what the options add or replace.
std::vector<char*> environment_with(std::vector<std::string>& added) {
    std::vector<char*> result;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        std::string_view text = *entry;
        std::string_view name = text.substr(0, text.find('=') + 1);
        bool replaced = false;
        for (const std::string& other : added) replaced |= other.starts_with(name);
        if (!replaced) result.push_back(*entry);
    }
    for (std::string& entry : added) result.push_back(entry.data());
    result.push_back(nullptr);
    return result;
}

Result<void> add_volumes(Manager& manager, const std::vector<Volume>& volumes) {
    for (const Volume& volume : volumes) {
        if (volume.path == "/")
            return std::unexpected("/: no path for a volume: it would hide the image's own");
        const std::string source = volume.source.starts_with('/')
                                       ? volume.source
                                       : working_directory() + "/" + volume.source;
        if (access(source.c_str(), F_OK) != 0)
            return std::unexpected(volume.source + ": " + strerror(errno));
        auto added = manager.add_volume(source, volume.path, volume.read_only);
        if (!added) return added;
    }
    return {};
}

// What a child tells its parent on its way to become a container, over a pipe whose other end is closed by the exec.
struct Told {
    std::uint32_t id = 0;      // the container's
    std::int32_t failure = 0;  // the exit status that it means; 0: none
};
constexpr int nobody_told = -1;

// Comes back only with a complaint made.
int become(RunOptions& options, int tell) {
    std::string_view image = options.words[0];
    container::ConfigureNext& how = options.how;
    if (options.detached) how.flags |= container::ConfigureNext::log;
    const bool configures = !options.name.empty() || how.memory_limit != 0 || how.cpu_limit != 0 ||
                            how.log_limit != 0 || how.flags != 0;
    if (configures || !options.volumes.empty()) {
        auto manager = Manager::open();
        if (!manager) return complain(manager.error());
        if (configures) {
            const auto id = manager->configure_next(options.name, how);
            if (!id) return complain(id.error());
            const Told told{.id = *id};
            if (tell != nobody_told) (void)write(tell, &told, sizeof told);
        }
        const auto done = add_volumes(*manager, options.volumes);
        if (!done) return complain(done.error());
    }
    std::vector<char*> arguments(options.words.begin(), options.words.end());
    arguments.push_back(nullptr);
    std::string path = cluufile_path(image);
    execve(path.c_str(), arguments.data(), environment_with(options.environment).data());
    int error = errno;
    if (error == ENOENT) {
        complain(std::string(image) + ": no such image (container images lists them)");
        return status_not_found;
    }
    complain(std::string(image) + ": " + strerror(error));
    return status_not_executable;
}

// What a process becomes; comes back only with a complaint made, and gives the exit status that it means. It may be told where
// to write what it is to be.
using Become = std::function<int(int tell)>;

[[noreturn]] void become_detached(const Become& become, int tell) {
    setsid();
    int nothing = open("/dev/null", O_RDWR);
    if (nothing >= 0) {
        // Nobody types into a container in the background.
        dup2(nothing, STDIN_FILENO);
        if (nothing > STDERR_FILENO) close(nothing);
    }
    const Told told{.failure = become(tell)};
    (void)write(tell, &told, sizeof told);
    _exit(told.failure);
}

// Returns when the child is the container, or has said why it cannot be.
// -> the container's number, as far as it is known, or the exit status that the failure means.
std::expected<std::uint32_t, int> start_detached(const Become& become) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return std::unexpected(complain(std::string("cannot start a process: ") + strerror(errno)));
    pid_t child = fork();
    if (child < 0)
        return std::unexpected(complain(std::string("cannot start a process: ") + strerror(errno)));
    if (child == 0) become_detached(become, ends[1]);
    close(ends[1]);
    std::uint32_t id = 0;
    int failure = 0;
    for (Told told; read(ends[0], &told, sizeof told) == sizeof told;) {
        id = std::max(id, told.id);
        failure = told.failure;
    }
    close(ends[0]);
    if (failure != 0) return std::unexpected(failure);
    return id;
}

int run_detached(RunOptions& options) {
    const auto id = start_detached([&](int tell) { return become(options, tell); });
    if (!id) return id.error();
    print(std::to_string(*id) + "\n");
    return 0;
}

// The number of the container of this image that runs; 0: none does.
Result<std::uint32_t> running_container(Manager& manager, const std::string& image) {
    const auto containers = manager.list(false);
    if (!containers) return std::unexpected(containers.error());
    for (const ContainerInfo& one : *containers) {
        if (one.image == image && one.info.state == container::State::running) return one.info.id;
    }
    return 0;
}

// Starts one in the background, unless it runs, and waits until it is healthy.
int provide(Manager& manager, const std::string& image) {
    auto id = running_container(manager, image);
    if (id && *id == 0) {
        std::string word = image;
        char* words[] = {word.data()};
        RunOptions options{.detached = true, .words = Arguments(words)};
        const auto started = start_detached([&](int tell) { return become(options, tell); });
        if (!started) return started.error();
        id = running_container(manager, image);
    }
    if (!id) return complain(id.error());
    if (*id == 0) return complain(image + ": it has ended at once");
    const auto healthy = manager.await_health(std::to_string(*id));
    return healthy ? 0 : complain(image + " (" + healthy.error() + ")");
}

// What the image needs (DEPENDS), each after what it needs itself. procmgr starts nothing whose needs are not there.
int start_dependencies(const std::string& image) {
    ImageFolder images;
    if (!images.find(image)) return 0;  // which is said when it is executed
    const auto order = dependencies_of(image, images);
    if (!order) return complain(order.error());
    if (order->empty()) return 0;
    auto manager = Manager::open();
    if (!manager) return complain(manager.error());
    for (const std::string& needed : *order) {
        if (const int status = provide(*manager, needed); status != 0) return status;
    }
    return 0;
}

bool parse_exec_options(Arguments rest, RunOptions& options) {
    for (; !rest.empty() && rest[0][0] == '-'; rest = rest.subspan(1)) {
        std::string_view option = rest[0];
        if (take_switch(option, options)) continue;
        const char* value = value_of(rest, option);
        const bool is_variable = option == "-e" || option == "--env";
        if (value == nullptr || !is_variable || !take_value(option, value, options)) return false;
    }
    options.words = rest;
    return rest.size() >= 2 && options.how.flags == 0;
}

// Comes back only with a complaint made.
int become_inside(RunOptions& options) {
    const std::string name = options.words[0];
    auto manager = Manager::open();
    if (!manager) return complain(manager.error());
    if (const auto entered = manager->enter_next(name); !entered) return complain(entered.error());
    std::vector<char*> words(options.words.begin() + 1, options.words.end());
    words.push_back(nullptr);
    // Of one in the background nobody hears; the log is the first program's.
    const int nothing = options.detached ? open("/dev/null", O_WRONLY | O_CLOEXEC) : -1;
    const int said = options.detached ? fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3) : -1;
    for (const int output : {STDOUT_FILENO, STDERR_FILENO}) {
        if (nothing >= 0) dup2(nothing, output);
    }
    execvpe(words[0], words.data(), environment_with(options.environment).data());
    const int error = errno;
    if (said >= 0) dup2(said, STDERR_FILENO);
    complain(name + ": " + words[0] + ": " + strerror(error));
    return error == ENOENT ? status_not_found : status_not_executable;
}

}  // namespace

int exec_command(Arguments arguments) {
    RunOptions options;
    if (!parse_exec_options(arguments, options)) return usage_error("exec");
    if (!options.detached) return become_inside(options);
    const auto started = start_detached([&](int) { return become_inside(options); });
    return started ? 0 : started.error();
}

int run_command(Arguments arguments) {
    RunOptions options;
    if (!parse_options(arguments, options)) {
        if (options.complaint.empty()) return usage_error("run");
        complain(options.complaint);
        return status_usage;
    }
    const std::string image = options.words[0];
    if (!cluufile::is_image_name(image))
        return complain(image + ": not the name of an image (a-z 0-9 . _ -)");
    if (const int status = start_dependencies(image); status != 0) return status;
    return options.detached ? run_detached(options) : become(options, nobody_told);
}

}  // namespace container_tool
