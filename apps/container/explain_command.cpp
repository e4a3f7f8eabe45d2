// SPDX-License-Identifier: MIT
// explain and diff: what a container may do, and why; and what changes from one Cluufile to another. Both are told from the
// plan that procmgr would build (libs/cluufile/plan.hpp). What a process holds that runs already, procmgr itself tells.
#include <unistd.h>
#include <algorithm>

#include "apps/container/command.hpp"
#include "apps/container/images.hpp"
#include "apps/container/json.hpp"
#include "apps/container/manager.hpp"
#include "apps/container/text.hpp"
#include "libs/cluufile/difference.hpp"
#include "libs/cluufile/explain.hpp"
#include "libs/cluufile/origin.hpp"

namespace container_tool {

namespace {

using cluufile::Statement;

struct Reason {
    std::string file;  // of a base: its image
    std::uint32_t line = 0;
    std::string text;

    std::string shown(const Statement& statement) const {
        if (line == 0) return std::string(statement.because);
        return (file.empty() ? "" : file + ", ") + "line " + std::to_string(line) + ": " + text;
    }
};

Reason reason_of(const Statement& statement, const Loaded& image, ImageFolder& images) {
    if (statement.directive.empty()) return {};
    const auto origin =
        cluufile::find_origin(image.text, statement.directive, statement.word, images);
    if (!origin) return {};
    return {std::string(origin->image), origin->line, std::string(origin->text)};
}

std::string json_of(const Statement& statement, const Reason& reason) {
    JsonObject object;
    object.add("text", statement.text);
    if (!statement.because.empty()) object.add("because", statement.because);
    if (reason.line != 0) {
        if (!reason.file.empty()) object.add("image", reason.file);
        object.add("line", std::uint64_t{reason.line}).add("source", reason.text);
    }
    return object.text();
}

std::string explained_json(const Loaded& image, const std::vector<Statement>& statements,
                           const std::vector<Reason>& reasons) {
    std::vector<std::string> kinds[3];
    for (std::size_t i = 0; i < statements.size(); ++i) {
        kinds[static_cast<std::size_t>(statements[i].kind)].push_back(
            json_of(statements[i], reasons[i]));
    }
    return JsonObject()
        .add("image", image.plan.image)
        .add("description", cluufile::description(image.text))
        .add_json("runs", json_list(kinds[0]))
        .add_json("may", json_list(kinds[1]))
        .add_json("mayNot", json_list(kinds[2]))
        .text();
}

int explain_image(const std::string& name, Arguments rest, bool as_json) {
    ImageFolder images;
    auto image = load(name, images);
    if (!image) return complain(image.error());
    std::vector<std::string> arguments(rest.begin(), rest.end());
    if (!arguments.empty()) arguments.insert(arguments.begin(), name);
    const std::string directory = working_directory();
    const auto statements =
        cluufile::explain(image->plan, {.arguments = arguments, .directory = directory});
    std::vector<Reason> reasons;
    std::vector<std::string> shown;
    for (const Statement& statement : statements) {
        reasons.push_back(reason_of(statement, *image, images));
        shown.push_back(reasons.back().shown(statement));
    }
    if (as_json) {
        print(explained_json(*image, statements, reasons) + "\n");
        return 0;
    }
    const std::string about{cluufile::description(image->text)};
    print(name + (about.empty() ? "" : ": " + about) + "\n" + cluufile::text_of(statements, shown));
    return 0;
}

bool is_number(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// As procmgr itself tells it.
int explain_process(const std::string& pid, Arguments rest, bool as_json) {
    if (take_json(rest)) as_json = true;
    if (!rest.empty()) return usage_error("explain");
    auto text = read_file("/proc/" + pid + "/authority");
    if (!text) return complain(text.error());
    print(as_json ? json_of_authority(pid, *text) + "\n" : *text);
    return 0;
}

// The first process of the container with this name, if one runs.
std::string process_of(const std::string& name) {
    auto manager = Manager::open();
    if (!manager) return {};
    auto containers = manager->list(false);
    if (!containers) return {};
    const auto found = std::ranges::find(*containers, name, &ContainerInfo::name);
    return found == containers->end() ? "" : std::to_string(found->info.pid);
}

std::string_view word_of(cluufile::Change::Kind kind) {
    constexpr std::string_view words[] = {"gains", "loses", "runs "};
    return words[static_cast<std::size_t>(kind)];
}

}  // namespace

int explain_command(Arguments arguments) {
    const bool as_json = take_json(arguments);
    if (arguments.empty()) return usage_error("explain");
    const std::string what = arguments[0];
    arguments = arguments.subspan(1);
    const bool is_image =
        cluufile::is_image_name(what) && access(cluufile_path(what).c_str(), F_OK) == 0;
    const std::string pid = is_image                        ? ""
                            : is_number(what)               ? what
                            : cluufile::is_image_name(what) ? process_of(what)
                                                            : "";
    return pid.empty() ? explain_image(what, arguments, as_json)
                       : explain_process(pid, arguments, as_json);
}

int diff_command(Arguments arguments) {
    const bool as_json = take_json(arguments);
    if (arguments.size() != 2) return usage_error("diff");
    ImageFolder images;
    auto before = load(arguments[0], images);
    if (!before) return complain(before.error());
    auto after = load(arguments[1], images);
    if (!after) return complain(after.error());
    const auto changes = cluufile::difference(before->plan, after->plan);
    std::string out;
    for (const cluufile::Change& change : changes) {
        const std::string_view word = word_of(change.kind);
        out += as_json ? JsonObject()
                             .add("change", word.substr(0, word.find(' ')))
                             .add("text", change.text)
                             .text()
                       : std::string(word) + "  " + change.text;
        out += "\n";
    }
    print(out);
    return 0;
}

}  // namespace container_tool
