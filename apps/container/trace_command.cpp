// SPDX-License-Identifier: MIT
// trace: runs a container, and tells which of its authority over files the run really used, and what a Cluufile would say that
// allows just that. vfs keeps the record (interfaces/namespace.hpp, ReadUses).
#include <sys/wait.h>
#include <unistd.h>
#include <cerrno>
#include <cstring>

#include "apps/container/command.hpp"
#include "apps/container/images.hpp"
#include "apps/container/manager.hpp"
#include "libs/cluufile/difference.hpp"
#include "libs/cluufile/explain.hpp"
#include "libs/cluufile/proposal.hpp"

extern char** environ;

namespace container_tool {

namespace {

// Comes back only with a complaint made.
int become_traced(const std::string& name, Arguments words) {
    auto manager = Manager::open();
    if (!manager) return complain(manager.error());
    auto configured = manager->configure_next(name, {.flags = container::ConfigureNext::trace});
    if (!configured) return complain(configured.error());
    std::vector<char*> arguments(words.begin(), words.end());
    arguments.push_back(nullptr);
    execve(cluufile_path(words[0]).c_str(), arguments.data(), environ);
    return complain(std::string(words[0]) + ": " + strerror(errno));
}

std::string report(const cluufile::Plan& plan, const cluufile::CommandLine& line,
                   const Manager::Uses& uses) {
    std::string out;
    for (const cluufile::Use& use : uses.uses) {
        const std::string verbs = cluufile::verbs(use.rights);
        out += "used    " + (verbs.empty() ? "look at" : verbs) + " " + use.path + "\n";
    }
    if (uses.incomplete) return out + "More was used than can be kept; nothing is proposed.\n";
    const cluufile::Plan tight = cluufile::tightened(plan, line, uses.uses);
    for (const cluufile::Change& change : cluufile::difference(plan, tight)) {
        const bool is_lost = change.kind == cluufile::Change::Kind::loses;
        out += (is_lost ? "unused  " : "        ") + change.text + "\n";
    }
    return out + "\n# What this run needed; another one may need more.\n" +
           cluufile::text_of(tight);
}

}  // namespace

int trace_command(Arguments words) {
    if (words.empty()) return usage_error("trace");
    ImageFolder images;
    if (!cluufile::is_image_name(words[0]))
        return complain(std::string(words[0]) + ": not the name of an image (a-z 0-9 . _ -)");
    auto image = load(words[0], images);
    if (!image) return complain(image.error());
    auto manager = Manager::open();
    if (!manager) return complain(manager.error());
    const std::string name = "trace-" + std::to_string(getpid());
    const std::vector<std::string> arguments(words.begin(), words.end());
    const std::string directory = working_directory();
    const pid_t child = fork();
    if (child < 0) return complain(std::string("cannot start a process: ") + strerror(errno));
    if (child == 0) _exit(become_traced(name, words));
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    // One that begins anew is traced to its end.
    if (image->plan.restart.policy != cluufile::RestartPolicy::no) {
        const auto ended = manager->await_end(name);
        if (!ended) return complain(ended.error());
    }
    auto uses = manager->read_uses(name);
    if (!uses) return complain(uses.error());
    // What it started may still run; then it stays in the list.
    if (const auto removed = manager->remove(name); !removed) complain_with(removed.error() + "\n");
    const std::string text =
        report(image->plan, {.arguments = arguments, .directory = directory}, *uses);
    // The program's own output has been on standard output.
    complain_with(text);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace container_tool
