// SPDX-License-Identifier: MIT
// Any bytes must give a Cluufile or an error whose message can be printed. The image that FROM
// finds is the input itself, so that chains and circles are reached too. What is said of a right one has a
// line that says it, and nothing changes from it to itself.
#include <cstdint>
#include <cstdlib>

#include "libs/cluufile/difference.hpp"
#include "libs/cluufile/explain.hpp"
#include "libs/cluufile/origin.hpp"
#include "libs/cluufile/proposal.hpp"
#include "libs/cluufile/steps.hpp"

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
    for (const auto& mount : result->mounts) {
        if (mount.size != 0 && mount.mode != cluufile::MountMode::private_) std::abort();
    }
    const bool placed = !result->directory.empty();
    if (placed && (result->grants.any() || result->directory[0] != '/')) std::abort();
    if (result->time_limit_ms > cluufile::max_time_ms) std::abort();
    const std::uint64_t log = result->log_limit;
    if (log != 0 && (log < cluufile::min_log_limit || log > cluufile::max_log_limit)) std::abort();
    if (result->descriptor_limit > cluufile::max_descriptor_limit) std::abort();
    for (const std::string_view image : result->depends) {
        if (!cluufile::is_image_name(image)) std::abort();
    }
    const auto& check = result->health_check;
    if (check.interval_ms < cluufile::min_time_ms || check.retries == 0) std::abort();
    const auto& grants = result->grants;
    if (grants.any() && !result->profiles.has(cluufile::Profile::vfs)) std::abort();
    const auto plan = cluufile::plan_of("input", *result);
    for (const cluufile::Step& step : result->steps) {
        const auto words = cluufile::words_of(step);
        if (words.empty()) std::abort();
        if (step.kind == cluufile::Step::Kind::copy) continue;
        const auto built = cluufile::text_of(cluufile::plan_of_build(plan, words));
        if (!cluufile::parse("step", built, images)) std::abort();
    }
    for (const auto& one : cluufile::explain(plan, {})) {
        const bool has_line = !one.directive.empty();
        if (has_line && !cluufile::find_origin(text, one.directive, one.word, images)) std::abort();
        if (!has_line && one.because.empty() && one.kind != cluufile::Statement::Kind::runs)
            std::abort();
    }
    if (!cluufile::difference(plan, plan).empty()) std::abort();
    return 0;
}
