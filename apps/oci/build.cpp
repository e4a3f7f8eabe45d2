// SPDX-License-Identifier: MIT
#include "apps/oci/build.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>
#include <cstring>
#include <optional>
#include <vector>

#include "apps/oci/copy.hpp"
#include "apps/oci/import.hpp"
#include "apps/oci/workshop.hpp"

namespace oci {

namespace {

constexpr std::size_t longest_request = 256 * 1024;

using Words = std::vector<std::string>;

std::unexpected<std::string> trouble(const std::string& what) {
    return std::unexpected(what + ": " + strerror(errno));
}

// Nothing: there are no more.
std::optional<Words> next_request(int from) {
    Words words;
    std::string word;
    std::size_t bytes = 0;
    for (char c = 0; bytes < longest_request; ++bytes) {
        const ssize_t count = read(from, &c, 1);
        if (count < 0 && errno == EINTR) continue;
        if (count != 1) break;
        if (c != '\0') {
            word += c;
        } else if (word.empty()) {
            return words;
        } else {
            words.push_back(std::exchange(word, {}));
        }
    }
    return std::nullopt;
}

class Build {
public:
    Build(Workshop& workshop, int context, const std::string& folder)
        : workshop_(workshop), context_(context), folder_(folder) {}

    Result<void> begin();
    Result<void> carry_out(const Words& words);

private:
    Result<void> base(const std::string& image, const std::string& path);
    Result<void> copy(int from, const Words& words, std::size_t first);
    Result<void> finish(const std::string& name);
    [[nodiscard]] Result<Descriptor> files_of(const std::string& image) const;

    Workshop& workshop_;
    int context_;
    std::string folder_;
    Descriptor root_;
    std::optional<Tree> tree_;
    CopyLimits limits_{.left = most_bytes};
};

Result<void> Build::begin() {
    const std::string root = workshop_.path() + "/root";
    struct stat there{};
    if (mkdir(root.c_str(), 0755) != 0 || stat(workshop_.path().c_str(), &there) != 0)
        return trouble(root);
    limits_.device = there.st_dev;
    limits_.inode = there.st_ino;
    root_ = Descriptor(open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!root_) return trouble(root);
    tree_.emplace(root_.get());
    return {};
}

Result<Descriptor> Build::files_of(const std::string& image) const {
    if (auto right = check_name(image); !right) return std::unexpected(image + ": no such image");
    const Descriptor folder(open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder) return trouble(folder_);
    return open_files(folder.get(), image);
}

Result<void> Build::base(const std::string& image, const std::string& path) {
    auto root = files_of(image);
    if (!root) return std::unexpected(root.error());
    auto opened = open_directory(root->get(), path.substr(1), false);
    // What its Cluufile shows need not be there.
    if (!opened) return {};
    const Descriptor directory(*opened);
    return copy_all(directory.get(), path.substr(1), *tree_, limits_);
}

Result<void> Build::copy(int from, const Words& words, std::size_t first) {
    if (words.size() < first + 2 || !words.back().starts_with('/'))
        return std::unexpected("a COPY of nothing, or to nowhere");
    return copy_into(from, {words.begin() + static_cast<std::ptrdiff_t>(first), words.end() - 1},
                     words.back(), *tree_, limits_);
}

Result<void> Build::finish(const std::string& name) {
    CopyLimits all{.left = most_bytes};
    if (auto done = settle(root_.get(), all); !done) return done;
    // An image without files of its own is its Cluufile alone.
    if (rmdir((workshop_.path() + "/root").c_str()) != 0 && errno != ENOTEMPTY)
        return trouble(workshop_.path());
    return workshop_.become(name);
}

Result<void> Build::carry_out(const Words& words) {
    const std::string what = words.empty() ? "" : words[0];
    if (what == "base" && words.size() == 3 && words[2].starts_with('/'))
        return base(words[1], words[2]);
    if (what == "copy") return copy(context_, words, 1);
    if (what == "from" && words.size() > 1) {
        auto root = files_of(words[1]);
        return root ? copy(root->get(), words, 2) : std::unexpected(root.error());
    }
    if (what == "cluufile" && words.size() == 2) return workshop_.write("Cluufile", words[1]);
    if (what == "used") {
        workshop_.clear_old(std::set<std::string>(words.begin() + 1, words.end()));
        return {};
    }
    if (what == "finish" && words.size() == 2) return finish(words[1]);
    return std::unexpected("a request that is none: '" + what + "'");
}

void answer(int to, const Result<std::string>& result) {
    std::string text = result ? "+" + *result : "-" + printable(result.error());
    text += '\0';
    (void)write_all(to, std::as_bytes(std::span(text)));
}

}  // namespace

int serve_build(int requests, int answers, const std::string& context, const std::string& folder) {
    const Descriptor from(open(context.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!from) return answer(answers, trouble(context)), 1;
    Workshop workshop(folder, Workshop::building);
    if (!workshop) return answer(answers, trouble(folder)), 1;
    Build build(workshop, from.get(), folder);
    auto begun = build.begin();
    answer(answers, begun ? Result<std::string>(workshop.name()) : std::unexpected(begun.error()));
    while (auto words = next_request(requests)) {
        auto done = build.carry_out(*words);
        answer(answers, done ? Result<std::string>("") : std::unexpected(done.error()));
    }
    return 0;
}

}  // namespace oci
