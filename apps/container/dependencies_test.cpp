// SPDX-License-Identifier: MIT
#include "apps/container/dependencies.hpp"

#include <gtest/gtest.h>

#include <map>

namespace container_tool {
namespace {

class Images final : public cluufile::ImageSource {
public:
    explicit Images(std::map<std::string, std::string, std::less<>> texts)
        : texts_(std::move(texts)) {}
    std::optional<std::string_view> find(std::string_view image) override {
        const auto found = texts_.find(image);
        if (found == texts_.end()) return std::nullopt;
        return found->second;
    }

private:
    std::map<std::string, std::string, std::less<>> texts_;
};

TEST(Dependencies, ComeBeforeWhatNeedsThem) {
    Images images({{"web", "DEPENDS cache db\n"},
                   {"cache", "DEPENDS net\n"},
                   {"db", "DEPENDS net\nDEPENDS disk\n"},
                   {"net", ""},
                   {"disk", ""}});
    const auto order = dependencies_of("web", images);
    ASSERT_TRUE(order) << order.error();
    EXPECT_EQ(*order, (std::vector<std::string>{"net", "cache", "disk", "db"}));
    EXPECT_TRUE(dependencies_of("net", images)->empty());
}

TEST(Dependencies, CirclesAndGapsAreNamed) {
    Images images({{"a", "DEPENDS b\n"},
                   {"b", "DEPENDS c\n"},
                   {"c", "DEPENDS b\n"},
                   {"self", "DEPENDS self\n"},
                   {"hole", "DEPENDS nothing\n"},
                   {"wrong", "DEPENDS bad\n"},
                   {"bad", "LIMIT time\n"}});
    EXPECT_EQ(dependencies_of("a", images).error(), "a circle of DEPENDS: b needs c needs b");
    EXPECT_EQ(dependencies_of("self", images).error(), "a circle of DEPENDS: self needs self");
    EXPECT_EQ(dependencies_of("hole", images).error(), "hole: DEPENDS nothing: no such image");
    EXPECT_EQ(dependencies_of("none", images).error(), "none: no such image");
    EXPECT_TRUE(dependencies_of("wrong", images)
                    .error()
                    .starts_with("/var/images/bad/Cluufile:1:11: found the end"));
}

}  // namespace
}  // namespace container_tool
