// SPDX-License-Identifier: MIT
// The files' part of `container build`: a conversation with whoever carries out the steps, over two pipes. That one starts what
// BUILD says; this one makes the files, and can do nothing else.
//
//   requests: words, each with a zero byte behind it, and one more        answers: `+` or `-`, a text, a zero byte
//     used DIRECTORY...          of images that containers use: old ones can go -> nothing
//     base IMAGE PATH            what IMAGE has at PATH of its own          -> nothing
//     copy SOURCE... DESTINATION from the folder                            -> nothing
//     from IMAGE SOURCE... DESTINATION                                      -> nothing
//     cluufile TEXT              what the workshop's Cluufile says          -> nothing
//     finish NAME                it becomes the image                       -> nothing
//
// The first answer comes unasked: the workshop's name. When the requests end without `finish`, nothing is left.
#pragma once

#include <string>

#include "apps/oci/source.hpp"

namespace oci {

// `context`: the folder that COPY takes from. -> the exit status.
int serve_build(int requests, int answers, const std::string& context, const std::string& folder);

}  // namespace oci
