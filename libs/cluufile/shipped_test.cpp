// SPDX-License-Identifier: MIT
// Every Cluufile that ships is right, can be run, and has the name of what it starts.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include "libs/cluufile/cluufile.hpp"

namespace cluufile {
namespace {

class Shipped final : public ImageSource {
public:
    Shipped() {
        for (const auto& entry : std::filesystem::directory_iterator(CONTAINERS_FOLDER)) {
            std::ifstream file(entry.path() / "Cluufile");
            if (!file) continue;
            texts[entry.path().filename()] = {std::istreambuf_iterator<char>(file), {}};
        }
    }
    std::optional<std::string_view> find(std::string_view image) override {
        auto found = texts.find(image);
        if (found == texts.end()) return std::nullopt;
        return found->second;
    }
    std::map<std::string, std::string, std::less<>> texts;
};

TEST(Containers, AreRight) {
    Shipped images;
    ASSERT_GT(images.texts.size(), 100u);
    for (const auto& [name, text] : images.texts) {
        EXPECT_TRUE(is_image_name(name)) << name;
        auto file = parse(name, text, images);
        char buffer[300];
        ASSERT_TRUE(file) << format(file.error(), buffer);
        ASSERT_FALSE(file->entrypoint.empty()) << name;
        std::string_view program = file->entrypoint[0];
        bool is_applet = program == "/bin/busybox" && file->entrypoint.size() >= 2;
        bool has_names =
            (program == "/bin/account" || program == "/bin/top") && file->entrypoint.size() == 2;
        bool fits = is_applet               ? file->entrypoint[1] == name || name == "box"
                    : has_names             ? file->entrypoint[1] == name
                    : name == "oci-build"   ? program == "/bin/oci"
                    : name == "admin-shell" ? program == "/bin/shell"
                                            : program == "/bin/" + name;
        EXPECT_TRUE(fits) << name;
    }
}

TEST(Containers, HaveTheLeast) {
    Shipped images;
    auto holds = [&](const char* name) { return *parse(name, *images.find(name), images); };
    EXPECT_TRUE(holds("true").mounts.empty());
    EXPECT_TRUE(holds("true").profiles.empty());
    EXPECT_TRUE(holds("cat").mounts.empty());
    EXPECT_EQ(name_of(holds("cat").grants.argv), "read");
    EXPECT_EQ(holds("ps").mode_at("/home"), MountMode::none);
    EXPECT_EQ(holds("box").mode_at("/home/x"), MountMode::private_);
    for (const char* tool : {"grep", "sort", "head"}) {
        EXPECT_EQ(name_of(holds(tool).grants.argv), "read") << tool;
        EXPECT_TRUE(holds(tool).grants.cwd.empty() && holds(tool).grants.beside.empty()) << tool;
    }
    for (const auto& [name, text] : images.texts) {
        bool manages = holds(name.c_str()).profiles.has(Profile::supervisor);
        // (top ends processes that others have started.)
        bool ours = name == "shell" || name == "admin-shell" || name == "container" ||
                    name == "execd" || name == "top";
        EXPECT_EQ(manages, ours) << name;
        // Only the tools for it, and what starts them.
        bool asks = holds(name.c_str()).profiles.has(Profile::accounts);
        bool starts = name == "login" || name == "execd" || name.ends_with("shell");
        bool tool = name == "passwd" || name == "useradd" || name == "userdel" || name == "su" ||
                    name == "sudo";
        EXPECT_EQ(asks, starts || tool) << name;
        bool draws = holds(name.c_str()).profiles.has(Profile::framebuffer);
        bool passes_on = starts || name == "su" || name == "sudo";
        EXPECT_EQ(draws, passes_on || name == "fbprobe") << name;
    }
}

}  // namespace
}  // namespace cluufile
