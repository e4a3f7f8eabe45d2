// SPDX-License-Identifier: MIT
// images and check: what needs only the files.
#include "apps/container/command.hpp"
#include "apps/container/dependencies.hpp"
#include "apps/container/images.hpp"
#include "apps/container/json.hpp"
#include "apps/container/options.hpp"
#include "apps/container/text.hpp"
#include "libs/cluufile/origin.hpp"

namespace container_tool {

namespace {

// A file under another name than its image's cannot be in a circle itself; what it needs can.
std::string wrong_dependency(const std::string& name, const cluufile::Plan& plan,
                             ImageFolder& images) {
    if (cluufile::is_image_name(name)) {
        auto order = dependencies_of(name, images);
        return order ? "" : order.error();
    }
    for (const std::string& needed : plan.depends) {
        auto order = dependencies_of(needed, images);
        if (!order) return order.error();
    }
    return "";
}

std::string entrypoint_text(const cluufile::Plan& plan) {
    std::string result = plan.program;
    for (const std::string& word : plan.words) result += " " + word;
    return result.empty() ? "(a base for others)" : result;
}

}  // namespace

int images_command(Arguments arguments) {
    constexpr Option known[] = {quiet_option, format_option};
    const auto options = Options::parse(arguments, known);
    if (!options || !has_known_format(*options)) return usage_error("images");
    const bool only_names = options->has("quiet"), as_json = options->has("format");
    std::vector<std::string> names(options->names().begin(), options->names().end());
    if (names.empty()) names = ImageFolder::names();
    ImageFolder images;
    Table table({"IMAGE", "ENTRYPOINT", "MAY"});
    std::string lines;
    int status = 0;
    for (const std::string& name : names) {
        auto image = cluufile::is_image_name(name)
                         ? load(name, images)
                         : std::unexpected(name + ": not the name of an image");
        if (!image) {
            status = complain(image.error());
        } else if (only_names) {
            lines += name + "\n";
        } else if (as_json) {
            lines += JsonObject()
                         .add("Repository", name)
                         .add("Tag", "latest")
                         .add("Description", cluufile::description(image->text))
                         .add("Entrypoint", entrypoint_text(image->plan))
                         .add("May", summary(image->plan))
                         .text() +
                     "\n";
        } else {
            table.add({name, entrypoint_text(image->plan), summary(image->plan)});
        }
    }
    print(as_json || only_names ? lines : table.text());
    return status;
}

int check_command(Arguments arguments) {
    if (arguments.empty()) return usage_error("check");
    ImageFolder images;
    int status = 0;
    for (const std::string name : arguments) {
        auto image = load(name, images);
        if (!image) {
            status = complain(image.error());
            continue;
        }
        if (std::string wrong = wrong_dependency(name, image->plan, images); !wrong.empty()) {
            status = complain(image->path + ": " + wrong);
            continue;
        }
        print(image->path + ": right: " + summary(image->plan) + "\n");
    }
    return status;
}

}  // namespace container_tool
