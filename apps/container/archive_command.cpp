// SPDX-License-Identifier: MIT
// import, export and rmi. Archives come from strangers: a program reads and writes them that can do
// nothing else (containers/oci/Cluufile). It does not even see the archive's name: it has the file
// as its input or output.
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <vector>

#include "apps/container/command.hpp"
#include "apps/container/images.hpp"
#include "apps/container/manager.hpp"
#include "apps/container/options.hpp"

namespace container_tool {

namespace {

constexpr const char* archive_program = "/bin/oci";
constexpr mode_t archive_mode = 0666;

// Becomes it, with the file in place of a standard descriptor. Comes back only with a complaint
// made.
int become_archive_program(int file, int standard, std::vector<const char*> words) {
    words.insert(words.begin(), archive_program);
    words.push_back(nullptr);
    if (file != standard && (dup2(file, standard) < 0 || close(file) != 0))
        return complain(strerror(errno));
    execv(archive_program, const_cast<char**>(words.data()));
    return complain(std::string(archive_program) + ": " + strerror(errno));
}

// What needs the image, if it is known; empty: nothing does.
std::string user_of_image(const std::string& name) {
    auto manager = Manager::open();
    auto containers = manager ? manager->list(true) : std::unexpected(std::string(manager.error()));
    if (containers) {
        const auto found = std::ranges::find(*containers, name, &ContainerInfo::image);
        if (found != containers->end()) return "the container " + found->name + " is of this image";
    }
    // Its text alone: a Cluufile that is wrong needs nothing.
    class Asked final : public cluufile::ImageSource {
    public:
        std::optional<std::string_view> find(std::string_view image) override {
            last = image;
            return std::nullopt;
        }
        std::string last;
    };
    for (const std::string& other : ImageFolder::names()) {
        const auto text = read_file(cluufile_path(other));
        Asked asked;
        if (text && other != name && !cluufile::parse(other, *text, asked) && asked.last == name)
            return "the image " + other + " is built on it";
    }
    return {};
}

// For the program; `?`: it is not known.
std::string used_images() {
    auto manager = Manager::open();
    const auto used = manager ? manager->used_images() : std::unexpected(manager.error());
    if (!used) return "?";
    std::string text;
    for (const std::string& name : *used) text += (text.empty() ? "" : ",") + name;
    return text;
}

int wait_for(pid_t child) {
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : status_failure;
}

}  // namespace

int import_command(Arguments arguments) {
    if (arguments.empty() || arguments.size() > 2) return usage_error("import");
    const int file = open(arguments[0], O_RDONLY | O_CLOEXEC);
    if (file < 0) return complain(std::string(arguments[0]) + ": " + strerror(errno));
    const std::string used = used_images();
    return become_archive_program(
        file, STDIN_FILENO,
        {"import", arguments[0], arguments.size() == 2 ? arguments[1] : "", used.c_str()});
}

int export_command(Arguments arguments) {
    if (arguments.size() != 2) return usage_error("export");
    const char* name = arguments[1];
    const int file = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, archive_mode);
    if (file < 0) return complain(std::string(name) + ": " + strerror(errno));
    // Whoever interrupts it interrupts its child, which says so by how it ends.
    const pid_t child = fork();
    if (child == 0) _exit(become_archive_program(file, STDOUT_FILENO, {"export", arguments[0]}));
    std::signal(SIGINT, SIG_IGN);
    close(file);
    const int status = child < 0 ? complain(strerror(errno)) : wait_for(child);
    if (status != 0) unlink(name);
    return status;
}

int remove_image_command(Arguments arguments) {
    constexpr Option known[] = {force_option};
    const auto options = Options::parse(arguments, known);
    if (!options || options->names().empty()) return usage_error("rmi");
    int status = 0;
    const std::string used = used_images();
    for (const char* name : options->names()) {
        if (const std::string user = options->has("force") ? "" : user_of_image(name);
            !user.empty()) {
            status = complain(std::string(name) + ": " + user + " (-f removes it all the same)");
            continue;
        }
        const pid_t child = fork();
        if (child == 0)
            _exit(
                become_archive_program(STDIN_FILENO, STDIN_FILENO, {"remove", name, used.c_str()}));
        const int failed = child < 0 ? complain(strerror(errno)) : wait_for(child);
        if (failed == 0) print("Deleted: " + std::string(name) + "\n");
        status = std::max(status, failed);
    }
    return status;
}

}  // namespace container_tool
