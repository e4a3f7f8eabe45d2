// SPDX-License-Identifier: MIT
// images and check: what needs only the files.
#include "apps/container/command.hpp"
#include "apps/container/images.hpp"
#include "apps/container/text.hpp"

namespace container_tool {

namespace {

using Checked = std::expected<cluufile::Cluufile, std::string>;

// `text` must live as long as the result.
Checked parse(const std::string& name, const std::string& text, ImageFolder& images) {
    auto file = cluufile::parse(name, text, images);
    if (file) return *file;
    char buffer[400];
    return std::unexpected(std::string(cluufile::format(file.error(), buffer)));
}

std::string entrypoint_text(const cluufile::Cluufile& file) {
    std::string result;
    for (std::string_view word : file.entrypoint) {
        if (!result.empty()) result += ' ';
        result += word;
    }
    return result.empty() ? "(a base for others)" : result;
}

}  // namespace

int images_command(Arguments arguments) {
    std::vector<std::string> names(arguments.begin(), arguments.end());
    if (names.empty()) names = ImageFolder::names();
    ImageFolder images;
    Table table({"IMAGE", "ENTRYPOINT", "MAY"});
    int status = 0;
    for (const std::string& name : names) {
        auto text = cluufile::is_image_name(name)
                        ? read_file(cluufile_path(name))
                        : std::unexpected(name + ": not the name of an image");
        if (!text) {
            status = complain(text.error());
            continue;
        }
        auto file = parse(cluufile_path(name), *text, images);
        if (!file) {
            status = complain(file.error());
            continue;
        }
        table.add({name, entrypoint_text(*file), summary(*file)});
    }
    print(table.text());
    return status;
}

int check_command(Arguments arguments) {
    if (arguments.empty()) return usage_error("check");
    ImageFolder images;
    int status = 0;
    for (const std::string name : arguments) {
        std::string path = cluufile::is_image_name(name) ? cluufile_path(name) : name;
        auto text = read_file(path);
        if (!text) {
            status = complain(text.error());
            continue;
        }
        auto file = parse(path, *text, images);
        if (file) {
            print(path + ": right: " + summary(*file) + "\n");
        } else {
            status = complain(file.error());
        }
    }
    return status;
}

}  // namespace container_tool
