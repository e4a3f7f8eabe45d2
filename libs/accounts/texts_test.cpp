// SPDX-License-Identifier: MIT
#include "libs/accounts/texts.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <new>
#include <string>

#include "libs/accounts/secret.hpp"

namespace accounts {
namespace {

using namespace std::string_view_literals;

std::span<const std::byte> bytes(std::string_view text) {
    return std::as_bytes(std::span{text.data(), text.size()});
}

TEST(Texts, GoThereAndBack) {
    Texts sent;
    ASSERT_TRUE(sent.add("admin"));
    ASSERT_TRUE(sent.add(""));
    ASSERT_TRUE(sent.add("ls -l"));
    EXPECT_FALSE(sent.add("one more")) << "there is room for three";
    Texts got;
    ASSERT_TRUE(got.read(sent.payload()));
    EXPECT_EQ(got.size(), 3u);
    EXPECT_EQ(got[0], "admin");
    EXPECT_EQ(got[1], "");
    EXPECT_EQ(got[2], "ls -l");
    EXPECT_EQ(got[3], "");
}

TEST(Texts, BadPayloadsAreNoTexts) {
    Texts texts;
    for (const auto payload : {"no end"sv, "a\0b\0c\0d\0"sv, "a\0b"sv}) {
        EXPECT_FALSE(texts.read(bytes(payload)));
        EXPECT_EQ(texts.size(), 0u);
        EXPECT_EQ(texts[0], "");
    }
    std::string whole(longest_request, 'x');
    EXPECT_FALSE(texts.read(bytes(whole + '\0')));
    whole.back() = '\0';
    EXPECT_TRUE(texts.read(bytes(whole)));
    EXPECT_TRUE(texts.read({})) << "no texts";
    EXPECT_FALSE(texts.add("a\0b"sv));
    EXPECT_FALSE(texts.add(std::string(longest_request, 'x')));
    EXPECT_TRUE(texts.add(std::string(longest_request - 1, 'x')));
    EXPECT_FALSE(texts.add(""));
}

// What stood in an object that has ended.
template <class T, class... Arguments>
std::string left_over(const Arguments&... arguments) {
    alignas(T) static std::array<char, sizeof(T)> place;
    T* object = new (place.data()) T(arguments...);
    object->~T();
    return {place.data(), place.size()};
}

struct Filled : Texts {
    explicit Filled(std::string_view text) { (void)!add(text); }
};

TEST(Secrets, AreWipedAtTheirEnd) {
    EXPECT_EQ(left_over<Secret>("the-password"sv).find("the-password"), std::string::npos);
    EXPECT_EQ(left_over<Filled>("the-password"sv).find("the-password"), std::string::npos);
}

TEST(Secrets, HaveALongestLength) {
    Secret secret(std::string(longest_password, 'x'));
    EXPECT_FALSE(secret.too_long());
    secret.push('y');
    EXPECT_TRUE(secret.too_long());
    EXPECT_EQ(secret.text().size(), longest_password);
    secret.clear();
    EXPECT_TRUE(secret.empty());
    EXPECT_FALSE(secret.too_long());
}

}  // namespace
}  // namespace accounts
