// SPDX-License-Identifier: MIT
#include "linux/process/script.hpp"

#include <gtest/gtest.h>

namespace linux {
namespace {

std::optional<ScriptLine> parse(std::string_view text) {
    return parse_script_line(std::as_bytes(std::span{text}));
}

TEST(Script, Lines) {
    EXPECT_FALSE(parse(""));
    EXPECT_FALSE(parse("#"));
    EXPECT_FALSE(parse("# !/bin/sh"));
    const auto plain = parse("#!/bin/sh\necho");
    ASSERT_TRUE(plain);
    EXPECT_EQ(plain->interpreter, "/bin/sh");
    EXPECT_EQ(plain->argument, "");
    const auto argument = parse("#! \t/usr/bin/env  -S a b \t\nrest");
    ASSERT_TRUE(argument);
    EXPECT_EQ(argument->interpreter, "/usr/bin/env");
    EXPECT_EQ(argument->argument, "-S a b");
    EXPECT_EQ(parse("#!/bin/sh")->interpreter, "/bin/sh");
    EXPECT_EQ(parse("#!\n/bin/sh")->interpreter, "");
    EXPECT_EQ(parse("#!   ")->interpreter, "");
    EXPECT_EQ(parse(std::string_view{"#!/bin/sh\0x", 11})->interpreter, "/bin/sh");
}

}  // namespace
}  // namespace linux
