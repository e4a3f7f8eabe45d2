// SPDX-License-Identifier: MIT
#include "linux/process/image.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <random>

namespace linux {
namespace {

std::vector<std::byte> good_block() {
    const std::string_view arguments[] = {"program", "", "two words"};
    const std::string_view environment[] = {"A=1"};
    process::ImageDescriptor descriptor{};
    descriptor.descriptor = 1;
    process::ImageStart header{};
    header.umask = 077;
    return build_image(header, {.arguments = arguments,
                                .environment = environment,
                                .path = "/bin/program",
                                .directory = "/home",
                                .descriptors = {&descriptor, 1}});
}

TEST(Image, ReadsWhatIsBuilt) {
    const auto block = good_block();
    const auto image = read_image(block);
    ASSERT_TRUE(image);
    EXPECT_EQ(image->arguments, (std::vector<std::string_view>{"program", "", "two words"}));
    EXPECT_EQ(image->environment, (std::vector<std::string_view>{"A=1"}));
    EXPECT_EQ(image->path, "/bin/program");
    EXPECT_EQ(image->directory, "/home");
    EXPECT_EQ(image->header->umask, 077U);
    EXPECT_EQ(image->header->descriptor_count, 1U);
}

TEST(Image, RefusesWhatLeadsOutside) {
    auto refused = [](auto spoil) {
        auto block = good_block();
        process::ImageStart header;
        std::memcpy(&header, block.data(), sizeof header);
        spoil(header);
        std::memcpy(block.data(), &header, sizeof header);
        return !read_image(block);
    };
    constexpr std::uint32_t far = 0xffffffff;
    using Header = process::ImageStart;
    EXPECT_FALSE(refused([](Header&) {}));
    EXPECT_TRUE(refused([](Header& h) { h.magic = 0; }));
    EXPECT_TRUE(refused([](Header& h) { h.bytes += 1; }));
    EXPECT_TRUE(refused([](Header& h) { h.path_offset = far; }));
    EXPECT_TRUE(
        refused([](Header& h) { h.directory_offset = static_cast<std::uint32_t>(h.bytes); }));
    EXPECT_TRUE(refused([](Header& h) { h.argument_offset = far; }));
    EXPECT_TRUE(refused([](Header& h) { h.argument_count = far; }));
    EXPECT_TRUE(refused([](Header& h) { h.environment_count = 50; }));
    EXPECT_TRUE(refused([](Header& h) { h.descriptor_count = far; }));
    EXPECT_TRUE(refused([](Header& h) { h.descriptor_offset = far - 3; }));
    EXPECT_TRUE(refused([](Header& h) { h.descriptor_offset += 1; }));
}

TEST(Image, RefusesAStringWithoutEnd) {
    auto block = good_block();
    block.back() = std::byte{'x'};
    EXPECT_FALSE(read_image(block));
    EXPECT_FALSE(read_image({}));
    EXPECT_FALSE(read_image(std::span{block}.first(20)));
}

TEST(Image, SurvivesNoise) {
    std::mt19937 random{3};
    const auto good = good_block();
    for (int round = 0; round < 20000; ++round) {
        auto block = good;
        for (unsigned i = 0; i < 1 + random() % 4; ++i) {
            block[random() % block.size()] = static_cast<std::byte>(random());
        }
        const auto image = read_image(block);
        if (image) {
            for (const std::string_view text : image->arguments) {
                ASSERT_EQ(text.data()[text.size()], '\0');
            }
        }
    }
}

}  // namespace
}  // namespace linux
