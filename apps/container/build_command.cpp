// SPDX-License-Identifier: MIT
// build: an image from a Cluufile and a folder. Two work on it. This one reads the Cluufile and starts what BUILD says, each in
// a container that sees only the image's own files, to change them. The other (apps/oci, image `oci-build`) makes the files
// that COPY takes from the folder, which may be a stranger's, and can start nothing. When this one ends, however that
// may be, the other removes what is not finished.
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include "apps/container/command.hpp"
#include "apps/container/images.hpp"
#include "apps/container/manager.hpp"
#include "libs/cluufile/proposal.hpp"
#include "libs/cluufile/steps.hpp"

namespace container_tool {

namespace {

using cluufile::Step;
using Words = std::vector<std::string>;

constexpr const char* files_image = "oci-build";
constexpr const char* usual_path =
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

volatile std::sig_atomic_t interrupted = 0;
void on_signal(int signal) { interrupted = signal; }

struct Request {
    std::string name, file, folder;
    bool quiet = false;
};

// An image here has no tags: the one that Docker gives unasked may be said.
std::string_view without_tag(std::string_view name) {
    constexpr std::string_view usual = ":latest";
    if (name.ends_with(usual)) name.remove_suffix(usual.size());
    return name;
}

bool parse(Arguments rest, Request& request) {
    for (; !rest.empty() && rest[0][0] == '-'; rest = rest.subspan(1)) {
        std::string_view option = rest[0], value;
        if (option == "-q" || option == "--quiet") {
            request.quiet = true;
            continue;
        }
        const std::size_t equals = option.starts_with("--") ? option.find('=') : option.npos;
        if (equals != option.npos) {
            value = option.substr(equals + 1);
            option = option.substr(0, equals);
        } else if (rest.size() > 1) {
            rest = rest.subspan(1);
            value = rest[0];
        }
        if (value.empty()) return false;
        if (option == "-t" || option == "--tag") {
            request.name = without_tag(value);
        } else if (option == "-f" || option == "--file") {
            request.file = value;
        } else {
            return false;
        }
    }
    if (rest.size() != 1) return false;
    request.folder = rest[0];
    if (request.file.empty()) request.file = request.folder + "/Cluufile";
    if (request.name.empty()) {
        char whole[PATH_MAX];
        const std::string path = realpath(rest[0], whole) == nullptr ? request.folder : whole;
        request.name = path.substr(path.rfind('/') + 1);
    }
    return true;
}

// The other's end of the conversation (apps/oci/build.hpp).
class Files {
public:
    Files() = default;
    Files(const Files&) = delete;
    Files& operator=(const Files&) = delete;
    ~Files() {
        if (child_ < 0) return;
        close(to_);
        // It has removed what is left of a build when it is gone.
        int status = 0;
        while (waitpid(child_, &status, 0) < 0 && errno == EINTR) {
        }
        close(from_);
    }

    // -> the workshop's name.
    Result<std::string> begin(const std::string& folder);
    Result<std::string> ask(const Words& words);

private:
    Result<std::string> answer();

    pid_t child_ = -1;
    int to_ = -1, from_ = -1;
};

Result<std::string> Files::begin(const std::string& folder) {
    int there[2], back[2];
    const bool piped = pipe2(there, O_CLOEXEC) == 0 && pipe2(back, O_CLOEXEC) == 0;
    child_ = piped ? fork() : -1;
    if (child_ < 0)
        return std::unexpected(std::string("cannot start a process: ") + strerror(errno));
    if (child_ == 0) {
        const std::string program = cluufile_path(files_image);
        const char* words[] = {files_image, folder.c_str(), nullptr};
        const bool ready = dup2(there[0], STDIN_FILENO) >= 0 && dup2(back[1], STDOUT_FILENO) >= 0;
        if (ready) execv(program.c_str(), const_cast<char**>(words));
        complain(program + ": " + strerror(errno));
        _exit(status_failure);
    }
    close(there[0]);
    close(back[1]);
    to_ = there[1];
    from_ = back[0];
    return answer();
}

Result<std::string> Files::ask(const Words& words) {
    std::string text;
    for (const std::string& word : words) text += word + '\0';
    text += '\0';
    for (std::string_view rest = text; !rest.empty();) {
        const ssize_t count = write(to_, rest.data(), rest.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) break;  // then there is no answer either
        rest.remove_prefix(static_cast<std::size_t>(count));
    }
    return answer();
}

Result<std::string> Files::answer() {
    std::string text;
    for (char c = 0;;) {
        const ssize_t count = read(from_, &c, 1);
        if (count < 0 && errno == EINTR) continue;
        if (count != 1) return std::unexpected("the files cannot be made");
        if (c == '\0') break;
        text += c;
    }
    const bool done = text.starts_with('+');
    text.erase(0, 1);
    return done ? Result<std::string>(text) : std::unexpected(text);
}

// Comes back only with a complaint made.
int become_step(const cluufile::Plan& plan, const std::string& workshop, const std::string& name) {
    const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (nothing < 0 || dup2(nothing, STDIN_FILENO) < 0 || chdir("/") != 0)
        return complain(std::string("BUILD: ") + strerror(errno));
    auto manager = Manager::open();
    if (!manager) return complain(manager.error());
    const auto number = manager->configure_next(name, {.flags = container::ConfigureNext::forget});
    auto done = number ? Result<void>{} : std::unexpected(number.error());
    const std::string root = std::string(images_folder) + workshop + "/root";
    for (const auto& [path, owner] : plan.files) {
        if (done) done = manager->add_volume(root + (path == "/" ? "" : path), path, false);
    }
    if (!done) return complain(done.error());
    const std::string program = cluufile_path(workshop);
    const char* words[] = {plan.program.c_str(), nullptr};
    const char* environment[] = {usual_path, nullptr};
    execve(program.c_str(), const_cast<char**>(words), const_cast<char**>(environment));
    const int error = errno;
    complain(plan.program + ": " + strerror(error));
    return error == ENOENT ? 127 : 126;
}

class Build {
public:
    Build(const Request& request, const cluufile::Cluufile& file, std::string text)
        : request_(request),
          file_(file),
          plan_(cluufile::plan_of(request.name, file)),
          text_(std::move(text)) {}

    int run();

private:
    void say(const std::string& text) const {
        if (!request_.quiet) print(text + "\n");
    }
    int complain_at(const Step& step, const std::string& what) const {
        return complain(request_.file + ":" + std::to_string(step.line) + ": " + what);
    }
    void clear_old_images();
    int take_base();
    int copy(const Step& step);
    int build(const Step& step);
    int end_of_step(pid_t child, const std::string& name);

    const Request& request_;
    const cluufile::Cluufile& file_;
    cluufile::Plan plan_;
    std::string text_, workshop_;
    Files files_;
};

// Those that were replaced. That it cannot be done is nothing that this one needs to know.
void Build::clear_old_images() {
    auto manager = Manager::open();
    const auto used = manager ? manager->used_images() : std::unexpected(manager.error());
    if (!used) return;
    Words words{"used"};
    words.insert(words.end(), used->begin(), used->end());
    [[maybe_unused]] const auto done = files_.ask(words);
}

// The files that the base shows of its own.
int Build::take_base() {
    if (file_.base.empty() || file_.steps.empty()) return 0;
    ImageFolder images;
    auto base = load(std::string(file_.base), images);
    if (!base) return complain(base.error());
    std::ranges::sort(base->plan.files);
    for (const auto& [path, owner] : base->plan.files) {
        auto done = files_.ask({"base", owner, path});
        if (!done) return complain(request_.file + ": FROM: " + done.error());
    }
    return 0;
}

int Build::copy(const Step& step) {
    Words words = cluufile::words_of(step);
    constexpr std::string_view from = "--from=";
    const bool other = words.front().starts_with(from);
    if (other) words.front().erase(0, from.size());
    words.insert(words.begin(), other ? "from" : "copy");
    auto done = files_.ask(words);
    return done ? 0 : complain_at(step, "COPY: " + done.error());
}

// What it started may still run: nothing may work on the files any more. -> its exit code.
int Build::end_of_step(pid_t child, const std::string& name) {
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
        if (interrupted != 0) kill(child, SIGKILL);
    }
    auto manager = Manager::open();
    auto running = manager ? manager->list(false) : std::unexpected(manager.error());
    if (!running) return complain(running.error());
    const auto left = std::ranges::find(*running, name, &ContainerInfo::name);
    if (left != running->end()) {
        const auto stopped = manager->stop(name, 0);
        // It may have ended by itself in between.
        running = manager->list(false);
        if (!running) return complain(running.error());
        if (!stopped && std::ranges::contains(*running, name, &ContainerInfo::name))
            return complain(stopped.error());
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int Build::build(const Step& step) {
    const Words words = cluufile::words_of(step);
    const cluufile::Plan plan = cluufile::plan_of_build(plan_, words);
    if (auto told = files_.ask({"cluufile", cluufile::text_of(plan)}); !told)
        return complain_at(step, "BUILD: " + told.error());
    const std::string name = "build-" + std::to_string(getpid());
    const pid_t child = fork();
    if (child < 0) return complain(std::string("cannot start a process: ") + strerror(errno));
    if (child == 0) _exit(become_step(plan, workshop_, name));
    const int code = end_of_step(child, name);
    if (code == 0) return 0;
    std::string command;
    for (const std::string& word : words) command += (command.empty() ? "" : " ") + word;
    complain_at(step,
                "the command '" + command + "' returned a non-zero code: " + std::to_string(code));
    return code;
}

int Build::run() {
    auto workshop = files_.begin(request_.folder);
    if (!workshop) return complain(workshop.error());
    workshop_ = *workshop;
    clear_old_images();
    const std::size_t all = file_.steps.size() + 1;
    say("Step 1/" + std::to_string(all) + " : FROM " +
        (file_.base.empty() ? "minimal" : std::string(file_.base)));
    if (const int status = take_base(); status != 0) return status;
    for (std::size_t i = 0; i < file_.steps.size(); ++i) {
        const Step& step = file_.steps[i];
        say("Step " + std::to_string(i + 2) + "/" + std::to_string(all) + " : " +
            cluufile::text_of(step));
        const int status = step.kind == Step::Kind::copy ? copy(step) : build(step);
        if (interrupted != 0) return 128 + interrupted;
        if (status != 0) return status;
    }
    auto done = files_.ask({"cluufile", text_});
    if (done) done = files_.ask({"finish", request_.name});
    if (!done) return complain(request_.name + ": " + done.error());
    print(request_.quiet ? request_.name + "\n" : "Successfully built " + request_.name + "\n");
    return 0;
}

}  // namespace

int build_command(Arguments arguments) {
    Request request;
    if (!parse(arguments, request)) return usage_error("build");
    if (!cluufile::is_image_name(request.name) || request.name == "minimal")
        return complain(request.name +
                        ": not the name of an image (a-z 0-9 . _ -): give one by -t");
    auto text = read_file(request.file);
    if (!text) return complain(text.error());
    ImageFolder images;
    auto file = cluufile::parse(request.file, *text, images);
    if (!file) {
        char buffer[400];
        return complain(cluufile::format(file.error(), buffer));
    }
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
        struct sigaction action{};
        action.sa_handler = on_signal;
        sigaction(signal, &action, nullptr);
    }
    std::signal(SIGPIPE, SIG_IGN);  // if the other is gone, its answer is missing, too
    return Build(request, *file, std::move(*text)).run();
}

}  // namespace container_tool
