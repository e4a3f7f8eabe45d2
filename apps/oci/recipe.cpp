// SPDX-License-Identifier: MIT
#include "apps/oci/recipe.hpp"

#include <algorithm>
#include <cctype>
#include <optional>

#include "libs/cluufile/cluufile.hpp"
#include "libs/cluufile/text.hpp"

namespace oci {

namespace {

constexpr std::size_t longest_passwd = 256 * 1024;

// A word of a Cluufile. One with the end of a line in it would be another directive.
Result<std::string> word(const std::string& text) {
    if (std::ranges::any_of(text, [](unsigned char c) { return std::iscntrl(c) != 0; }))
        return std::unexpected("its configuration has a text with control characters");
    if (text.contains('\'') && text.contains('"'))
        return std::unexpected("its configuration has a text with both kinds of quotes: " + text);
    return cluufile::word(text);
}

Result<std::string> line(std::string directive, const std::vector<std::string>& words) {
    for (const std::string& text : words) {
        auto quoted = word(text);
        if (!quoted) return quoted;
        directive += " " + *quoted;
    }
    return directive + "\n";
}

bool is_number(std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789") == text.npos;
}

// The field of the line of /etc/passwd or /etc/group that has this name.
std::optional<std::string> number_for(const std::string& text, const std::string& name) {
    const std::string start = name + ":";
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        const std::string one = text.substr(at, end - at);
        at = end + 1;
        if (!one.starts_with(start)) continue;
        const std::size_t second = one.find(':', start.size());
        if (second == one.npos) continue;
        std::string number = one.substr(second + 1);
        number.resize(std::min(number.find(':'), number.size()));
        if (is_number(number)) return number;
    }
    return std::nullopt;
}

// Names mean what the image's own files say, so the Cluufile has numbers. User 0 of an image is
// nobody in particular: it runs as its starter.
Result<std::string> user_line(const std::string& user, const Tree& tree) {
    const std::size_t colon = user.find(':');
    const auto resolve = [&](const std::string& name,
                             std::string_view file) -> Result<std::string> {
        if (is_number(name)) return name;
        auto text = tree.text_of(file, longest_passwd);
        if (!text) return text;
        auto number = number_for(*text, name);
        if (!number)
            return std::unexpected("its user '" + user + "' is not in its /" + std::string(file));
        return *number;
    };
    if (user.empty()) return "";
    auto number = resolve(user.substr(0, colon), "etc/passwd");
    if (!number) return number;
    if (*number == "0") return "";
    if (colon == user.npos) return "USER " + *number + "\n";
    auto group = resolve(user.substr(colon + 1), "etc/group");
    if (!group) return group;
    return "USER " + *number + ":" + *group + "\n";
}

// As execvp would find it, in the image.
Result<std::string> program_of(const std::string& name, const Config& config, const Tree& tree) {
    std::vector<std::string> candidates;
    if (name.starts_with('/')) {
        candidates.push_back(name);
    } else if (name.contains('/')) {
        candidates.push_back((config.directory.empty() ? "" : config.directory) + "/" + name);
    } else {
        std::string path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
        for (const std::string& variable : config.environment) {
            if (variable.starts_with("PATH=")) path = variable.substr(5);
        }
        for (std::size_t at = 0; at <= path.size();) {
            const std::size_t end = std::min(path.find(':', at), path.size());
            candidates.push_back(path.substr(at, end - at) + "/" + name);
            at = end + 1;
        }
    }
    for (const std::string& candidate : candidates) {
        if (!candidate.starts_with('/')) continue;
        auto normal = normal_path(std::string_view(candidate).substr(1));
        if (normal && tree.is_program(*normal)) return "/" + *normal;
    }
    return std::unexpected("its program '" + name + "' is not in it");
}

class NoOthers final : public cluufile::ImageSource {
public:
    std::optional<std::string_view> find(std::string_view) override { return std::nullopt; }
};

}  // namespace

Result<std::string> recipe_of(const Image& image, const Tree& tree) {
    const Config& config = image.config;
    const bool has_entrypoint = !config.entrypoint.empty();
    std::vector<std::string> first = has_entrypoint ? config.entrypoint : config.command;
    if (first.empty()) return std::unexpected("it does not say what is to run in it");
    auto program = program_of(first.front(), config, tree);
    if (!program) return program;
    // Without an entry point, the command is the program, with default arguments.
    std::vector<std::string> arguments =
        has_entrypoint ? config.command : std::vector<std::string>(first.begin() + 1, first.end());
    if (!has_entrypoint) first.resize(1);
    first.insert(first.begin(), *program);
    std::string text =
        "# SPDX-License-Identifier: MIT\n"
        "# Made by `container import`: its own files, which it cannot change, and no other.\n"
        "FROM minimal\nPROFILE ipc vfs\nMOUNT / image\nMOUNT /tmp private\nMOUNT /run private\n"
        "MOUNT /dev/null inherit\nLIMIT memory 64M\nLIMIT processes 32\nLIMIT descriptors 256\n";
    std::vector<std::string> labels;
    for (const auto& [name, value] : config.labels) labels.push_back(name + "=" + value);
    const std::string directory = config.directory == "/" ? "" : config.directory;
    for (const auto& [directive, words] :
         {std::pair{"ENV", config.environment},
          {"LABEL", labels},
          {"ENTRYPOINT", first},
          {"CMD", arguments},
          {"WORKDIR", directory.empty() ? std::vector<std::string>{} : std::vector{directory}}}) {
        if (words.empty()) continue;
        auto written = line(directive, words);
        if (!written) return written;
        text += *written;
    }
    auto user = user_line(config.user, tree);
    if (!user) return user;
    text += *user;
    NoOthers none;
    if (auto file = cluufile::parse("Cluufile", text, none); !file) {
        char buffer[300];
        return std::unexpected("its configuration cannot be said in a Cluufile: " +
                               std::string(cluufile::format(file.error(), buffer)));
    }
    return text;
}

std::string image_name_of(std::string_view called, std::string_view file) {
    for (std::string_view name : {called, file}) {
        name.remove_prefix(std::min(name.rfind('/') + 1, name.size()));
        name = name.substr(0, name.find(':'));
        if (name.data() == file.data() || file.ends_with(name))
            name = name.substr(0, name.find('.'));
        std::string made(name);
        std::ranges::transform(made, made.begin(), [](char c) {
            return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        });
        if (cluufile::is_image_name(made)) return made;
    }
    return {};
}

}  // namespace oci
