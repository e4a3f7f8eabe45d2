// SPDX-License-Identifier: MIT
// container, spawn and spawnbg stand for the program /bin/container, which alone knows how to speak
// to procmgr.
#include "shell/builtins/builtin.hpp"

namespace shell {

namespace {

constexpr const char* container_tool = "/bin/container";

}  // namespace

std::vector<std::string> container_program(Arguments arguments) {
    std::vector<std::string> words = {container_tool};
    words.insert(words.end(), arguments.begin(), arguments.end());
    return words;
}

std::vector<std::string> spawn_program(Arguments arguments) {
    if (arguments.empty()) return {};
    std::vector<std::string> words = {container_tool, "run"};
    words.insert(words.end(), arguments.begin(), arguments.end());
    return words;
}

}  // namespace shell
