// SPDX-License-Identifier: MIT
// Any bytes must give a Cluufile or an error whose message can be printed. The image that FROM
// finds is the input itself, so that chains and circles are reached too.
#include <cstdint>
#include <cstdlib>

#include "libs/cluufile/cluufile.hpp"

namespace {

class Itself final : public cluufile::ImageSource {
public:
    explicit Itself(std::string_view text) : text_(text) {}
    std::optional<std::string_view> find(std::string_view image) override {
        if (image.starts_with('x')) return std::nullopt;
        return text_.substr(text_.size() / 2);
    }

private:
    std::string_view text_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view text(reinterpret_cast<const char*>(data), size);
    Itself images(text);
    auto result = cluufile::parse("input", text, images);
    char buffer[256];
    if (!result) {
        for (char c : cluufile::format(result.error(), buffer)) {
            if (c < 0x20 || c > 0x7e) std::abort();
        }
        return 0;
    }
    for (const auto& mount : result->mounts) {
        if (result->mode_at(mount.path) != mount.mode) std::abort();
    }
    const auto& grants = result->grants;
    if (grants.any() && !result->profiles.has(cluufile::Profile::vfs)) std::abort();
    return 0;
}
