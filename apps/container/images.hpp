// SPDX-License-Identifier: MIT
// The images on the disk: /var/images/NAME/Cluufile.
#pragma once

#include <expected>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "libs/cluufile/plan.hpp"

namespace container_tool {

inline constexpr std::string_view images_folder = "/var/images/";

std::string cluufile_path(std::string_view image);

// The whole file, or what is wrong with it.
std::expected<std::string, std::string> read_file(const std::string& path);

// Reads the texts that FROM asks for, and keeps them as long as the Cluufiles that point into them.
class ImageFolder final : public cluufile::ImageSource {
public:
    std::optional<std::string_view> find(std::string_view image) override;

    // All names, sorted.
    static std::vector<std::string> names();

private:
    std::map<std::string, std::string, std::less<>> texts_;
};

// A Cluufile that is right, and the plan that it makes.
struct Loaded {
    std::string path;
    std::string text;
    cluufile::Plan plan;
};

// Of an image, or of a file: what is no name of an image is a path.
std::expected<Loaded, std::string> load(const std::string& image_or_path, ImageFolder& images);

// A plan in short: what it may do, in one line.
std::string summary(const cluufile::Plan& plan);

}  // namespace container_tool
