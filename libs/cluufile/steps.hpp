// SPDX-License-Identifier: MIT
// How an image's own files are made: the steps of COPY and BUILD, as `container build` carries them out.
#pragma once

#include "libs/cluufile/plan.hpp"

namespace cluufile {

// The words behind the directive.
[[nodiscard]] std::vector<std::string> words_of(const Step& step);
// The directive and its words, without comment: `COPY a /bin/a`.
[[nodiscard]] std::string text_of(const Step& step);

// What a BUILD of these words runs in: a container that has the image's own files, what is private to it, and devices, as
// the plan shows them. Nothing else of the starter's, no service, no more than the plan's limits.
[[nodiscard]] Plan plan_of_build(const Plan& plan, const std::vector<std::string>& words);

// The folder of an image that is being made: `.build-` and six letters or digits. No image can have this name.
inline constexpr std::string_view workshop_prefix = ".build-";
[[nodiscard]] bool is_workshop_name(std::string_view name);

}  // namespace cluufile
