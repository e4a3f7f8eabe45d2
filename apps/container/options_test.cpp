// SPDX-License-Identifier: MIT
#include "apps/container/options.hpp"

#include <gtest/gtest.h>

namespace container_tool {
namespace {

constexpr Option known[] = {{.letter = 'a', .name = "all"},
                            quiet_option,
                            {.letter = 'n', .name = "tail", .has_value = true},
                            format_option};

// The options and names that were found, in one text; "no": they make no sense.
std::string parsed(std::vector<std::string> words) {
    std::vector<char*> pointers;
    for (std::string& word : words) pointers.push_back(word.data());
    const auto options = Options::parse(pointers, known);
    if (!options) return "no";
    std::string out;
    for (const Option& one : known) {
        if (options->has(one.name))
            out += std::string(one.name) + "=" + std::string(*options->value(one.name)) + " ";
    }
    for (const char* name : options->names()) out += std::string(name) + " ";
    return out;
}

TEST(Options, StandAnywhere) {
    EXPECT_EQ(parsed({}), "");
    EXPECT_EQ(parsed({"-a", "x", "--quiet", "y"}), "all= quiet= x y ");
    EXPECT_EQ(parsed({"x", "--", "-a", "--", "y"}), "x -a -- y ");
    EXPECT_EQ(parsed({"-", ""}), "-  ");
}

TEST(Options, LettersStandTogether) {
    EXPECT_EQ(parsed({"-aq"}), "all= quiet= ");
    EXPECT_EQ(parsed({"-an5", "x"}), "all= tail=5 x ");
    EXPECT_EQ(parsed({"-an", "5", "x"}), "all= tail=5 x ");
}

TEST(Options, HaveValues) {
    EXPECT_EQ(parsed({"--tail=5", "--format", "json"}), "tail=5 format=json ");
    EXPECT_EQ(parsed({"--tail="}), "tail= ");
    EXPECT_EQ(parsed({"-n", "-1"}), "tail=-1 ");
    EXPECT_EQ(parsed({"-n1", "-n2"}), "tail=2 ") << "the last one counts";
}

TEST(Options, WhatMakesNoSenseIsRefused) {
    for (const char* word : {"-x", "-ax", "--al", "--all=1", "--tail", "-n", "-an",
                             "--"
                             "=x"})
        EXPECT_EQ(parsed({word}), "no") << word;
}

}  // namespace
}  // namespace container_tool
