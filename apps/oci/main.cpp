// SPDX-License-Identifier: MIT
// oci: the files of images: from other systems, for them, and made of a folder. `container` calls it; it runs with its own
// authority (containers/oci/Cluufile, containers/oci-build/Cluufile): the archive is its input or its output, and it has
// the folder of the images.
#include <unistd.h>
#include <algorithm>
#include <string>
#include <string_view>

#include "apps/oci/build.hpp"
#include "apps/oci/descriptor.hpp"
#include "apps/oci/export.hpp"
#include "apps/oci/import.hpp"
#include "apps/oci/workshop.hpp"

namespace {

constexpr const char* images_folder = "/var/images";

void say(int where, const std::string& text) {
    (void)oci::write_all(where, std::as_bytes(std::span(text)));
}

int complain(const std::string& text) {
    say(STDERR_FILENO, "container: " + oci::printable(text) + "\n");
    return 1;
}

// The directories of images that containers use, with commas between them; `?`: that is not known.
oci::Used used_from(std::string_view text) {
    if (text == "?") return std::nullopt;
    std::set<std::string> used;
    while (!text.empty()) {
        const std::string_view name = text.substr(0, text.find(','));
        used.insert(std::string(name));
        text.remove_prefix(std::min(name.size() + 1, text.size()));
    }
    return used;
}

// Half an image must not stay behind.
void on_signal(int /*signal*/) { oci::interrupted = 1; }

}  // namespace

int main(int count, char** words) {
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) std::signal(signal, on_signal);
    const std::string_view command = count > 1 ? words[1] : "";
    if (command == "import" && count == 5) {
        auto name = oci::import_image(STDIN_FILENO, words[2], words[3], images_folder,
                                      oci::most_bytes, used_from(words[4]));
        if (!name) return complain(name.error());
        say(STDOUT_FILENO, *name + "\n");
        return 0;
    }
    if (command == "export" && count == 3) {
        auto done = oci::export_image(words[2], images_folder, STDOUT_FILENO);
        return done ? 0 : complain(done.error());
    }
    if (command == "remove" && count == 4) {
        auto done = oci::remove_image(words[2], images_folder, used_from(words[3]));
        return done ? 0 : complain(done.error());
    }
    if (command == "build" && count == 3)
        return oci::serve_build(STDIN_FILENO, STDOUT_FILENO, words[2], images_folder);
    say(STDERR_FILENO,
        "usage: oci import NAME IMAGE USED <ARCHIVE, oci export IMAGE >ARCHIVE, oci remove IMAGE "
        "USED, oci build FOLDER\n");
    return 2;
}
