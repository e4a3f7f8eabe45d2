// SPDX-License-Identifier: MIT
#include "apps/container/dependencies.hpp"

#include <algorithm>

#include "apps/container/images.hpp"

namespace container_tool {

namespace {

class Walk {
public:
    explicit Walk(cluufile::ImageSource& images) : images_(images) {}

    // -> what is wrong, or nothing. Afterwards `image` is the last of `order`.
    std::string visit(const std::string& image) {
        if (std::ranges::find(order, image) != order.end()) return {};
        const auto circle = std::ranges::find(way_, image);
        if (circle != way_.end()) {
            std::string text = "a circle of DEPENDS: ";
            for (auto at = circle; at != way_.end(); ++at) text += *at + " needs ";
            return text + image;
        }
        const auto text = images_.find(image);
        if (!text) {
            const std::string what = image + ": no such image";
            return way_.empty() ? what : way_.back() + ": DEPENDS " + what;
        }
        const std::string path = std::string(images_folder) + image + "/Cluufile";
        const auto file = cluufile::parse(path, *text, images_);
        if (!file) {
            char buffer[400];
            return std::string(cluufile::format(file.error(), buffer));
        }
        way_.push_back(image);
        for (const std::string_view needed : file->depends) {
            if (std::string wrong = visit(std::string(needed)); !wrong.empty()) return wrong;
        }
        way_.pop_back();
        order.push_back(image);
        return {};
    }

    std::vector<std::string> order;

private:
    cluufile::ImageSource& images_;
    std::vector<std::string> way_;  // from the first image to the one being looked at
};

}  // namespace

std::expected<std::vector<std::string>, std::string> dependencies_of(
    const std::string& image, cluufile::ImageSource& images) {
    Walk walk(images);
    if (std::string wrong = walk.visit(image); !wrong.empty()) return std::unexpected(wrong);
    walk.order.pop_back();
    return std::move(walk.order);
}

}  // namespace container_tool
