// SPDX-License-Identifier: MIT
// container: runs, lists and stops containers. The words are those that Docker's users know.
#include "apps/container/command.hpp"

#include <unistd.h>
#include <cerrno>
#include <climits>

namespace container_tool {

namespace {

struct CommandEntry {
    std::string_view name;
    std::string_view usage;
    std::string_view help;
    int (*run)(Arguments arguments);
};

constexpr CommandEntry commands[] = {
    {"run",
     "run [-d] [-i] [-t] [--rm] [-e NAME=VALUE] [--name NAME] [-v HOST:GUEST[:ro]] [--memory SIZE] "
     "[--cpu SHARE] [--net none] [--log-opt max-size=SIZE] "
     "IMAGE [ARG...]",
     "run a container; -d: in the background, its output goes to its log; --rm: forget it when it "
     "ends",
     run_command},
    {"exec", "exec [-d] [-i] [-t] [-e NAME=VALUE] NAME|ID COMMAND [ARG...]",
     "run a further program in a container that runs, with what that one sees; -d: in the "
     "background",
     exec_command},
    {"ls", "ls [-a] [-q] [--format json]",
     "list the containers that run; -a: also those that have ended; -q: only their numbers",
     list_command},
    {"ps", "ps [-a] [-q] [--format json]", "the same", list_command},
    {"logs", "logs [-f] [-n N] [-t] NAME|ID",
     "show what one in the background has written; -f: and what it still writes; -n: the last N "
     "lines; -t: with the times",
     logs_command},
    {"top", "top [--format json] NAME|ID", "list its processes", top_command},
    {"stats", "stats [-a] [--format json] [--no-stream] [NAME|ID...]",
     "show what containers use, each second; --no-stream: once; -a: also those that have ended",
     stats_command},
    {"stop", "stop [-t SECONDS] NAME|ID...", "end containers: TERM, and after 10 seconds KILL",
     stop_command},
    {"kill", "kill [-s SIGNAL] NAME|ID...",
     "send a signal to their first processes: KILL, if none is named", kill_command},
    {"restart", "restart [-t SECONDS] NAME|ID...",
     "end containers that were started with -d, and start them again", restart_command},
    {"wait", "wait NAME|ID...", "wait until they have ended, and print their exit codes",
     wait_command},
    {"rm", "rm [-f] NAME|ID...", "forget containers that have ended; -f: end them first",
     remove_command},
    {"inspect", "inspect [--format json|text] NAME|ID...",
     "show what a container may do, and what it does, as an array; json: an object in each line; "
     "text: `key: value` in each line",
     inspect_command},
    {"images", "images [--format json] [-q] [IMAGE...]",
     "list the images, and what each may do; -q: only their names", images_command},
    {"build", "build [-t NAME] [-f FILE] [-q] FOLDER",
     "make an image of FOLDER/Cluufile, or FILE, and what its COPY takes from the folder",
     build_command},
    {"rmi", "rmi [-f] IMAGE...", "remove images; -f: also those that something needs",
     remove_image_command},
    {"explain", "explain [--format json] IMAGE|FILE|NAME|PID [ARG...]",
     "say what it may do with this command line, and which line of its Cluufile says so",
     explain_command},
    {"trace", "trace IMAGE [ARG...]",
     "run a container, and say what of its authority over files it used, and propose a Cluufile",
     trace_command},
    {"diff", "diff [--format json] OLD NEW",
     "say what authority one image or Cluufile has more or less than another", diff_command},
    {"import", "import FILE [NAME]",
     "make an image of an archive: of docker save, or an OCI layout in a tar", import_command},
    {"export", "export IMAGE FILE",
     "write an image with files of its own as an OCI layout in a tar", export_command},
    {"check", "check FILE|IMAGE...", "look for mistakes in Cluufiles", check_command},
};

void write_to(int descriptor, std::string_view text) {
    while (!text.empty()) {
        ssize_t written = write(descriptor, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return;
        text.remove_prefix(static_cast<std::size_t>(written));
    }
}

std::string help_text() {
    constexpr std::size_t help_column = 26;
    std::string text = "usage: container COMMAND [ARG...]\n\n";
    for (const CommandEntry& command : commands) {
        std::string line = "  " + std::string(command.usage);
        if (line.size() >= help_column) {
            text += line + "\n";
            line.clear();
        }
        line.append(help_column - line.size(), ' ');
        text += line + std::string(command.help) + "\n";
    }
    return text + "\nAn image is a file /var/images/NAME/Cluufile.\n";
}

}  // namespace

bool take_json(Arguments& arguments) {
    const auto is = [&](std::size_t index, std::string_view word) {
        return index < arguments.size() && arguments[index] == word;
    };
    const bool is_one = is(0, "--format=json"), is_two = is(0, "--format") && is(1, "json");
    if (is_one || is_two) arguments = arguments.subspan(is_one ? 1 : 2);
    return is_one || is_two;
}

void print(std::string_view text) { write_to(STDOUT_FILENO, text); }

int complain(std::string_view message) {
    write_to(STDERR_FILENO, "container: " + std::string(message) + "\n");
    return status_failure;
}

void complain_with(std::string_view text) { write_to(STDERR_FILENO, text); }

std::string working_directory() {
    char buffer[PATH_MAX];
    return getcwd(buffer, sizeof buffer) == nullptr ? "/" : buffer;
}

int usage_error(std::string_view name) {
    for (const CommandEntry& command : commands) {
        if (command.name == name)
            write_to(STDERR_FILENO, "usage: container " + std::string(command.usage) + "\n");
    }
    return status_usage;
}

}  // namespace container_tool

int main(int count, char** words) {
    using namespace container_tool;
    std::string_view name = count > 1 ? words[1] : "help";
    for (const CommandEntry& command : commands) {
        if (command.name == name) return command.run(Arguments(words + 2, words + count));
    }
    if (name == "help" || name == "--help") {
        print(help_text());
        return 0;
    }
    complain("no command `" + std::string(name) + "` (container help lists them)");
    return status_usage;
}
