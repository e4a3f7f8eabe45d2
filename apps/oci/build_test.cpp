// SPDX-License-Identifier: MIT
// Folders to copy from, right ones and hostile ones, and workshops that somebody left.
#include "apps/oci/build.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "apps/oci/copy.hpp"
#include "apps/oci/descriptor.hpp"
#include "apps/oci/workshop.hpp"

namespace oci {
namespace {

namespace files = std::filesystem;

class Building : public testing::Test {
protected:
    Building() {
        std::string name = (files::temp_directory_path() / "build-XXXXXX").string();
        base_ = mkdtemp(name.data());
        for (const char* folder : {"images", "context", "outside"})
            files::create_directory(base_ / folder);
    }
    ~Building() override { files::remove_all(base_); }

    void put(const std::string& path, const std::string& text) {
        files::create_directories((base_ / path).parent_path());
        std::ofstream(base_ / path) << text;
    }
    std::string text(const std::string& path) {
        std::ifstream file(base_ / path);
        return {std::istreambuf_iterator<char>(file), {}};
    }
    // -> the answers but the first, each in a line. The requests are sent as they are.
    std::string served(const std::string& requests) {
        int there[2], back[2];
        EXPECT_TRUE(pipe(there) == 0 && pipe(back) == 0);
        EXPECT_TRUE(write_all(there[1], std::as_bytes(std::span(requests))));
        close(there[1]);
        serve_build(there[0], back[1], (base_ / "context").string(), (base_ / "images").string());
        close(back[1]);
        close(there[0]);
        std::string answers;
        char part[4096];
        for (ssize_t count; (count = read(back[0], part, sizeof part)) > 0;)
            answers.append(part, static_cast<std::size_t>(count));
        close(back[0]);
        std::ranges::replace(answers, '\0', '\n');
        EXPECT_TRUE(answers.starts_with("+.build-")) << answers;
        return answers.substr(std::min(answers.find('\n') + 1, answers.size()));
    }
    // Words with blanks between them.
    static std::string request(std::string words) {
        std::ranges::replace(words, ' ', '\0');
        return words + std::string(2, '\0');
    }
    // -> the answer to a COPY, after which nothing is left.
    std::string copied(const std::string& words) {
        const std::string answers = served(request("copy " + words));
        EXPECT_EQ(folders(), 0);
        return answers.substr(0, answers.find('\n'));
    }
    int folders() {
        return static_cast<int>(std::distance(files::directory_iterator(base_ / "images"), {}));
    }

    files::path base_;
};

TEST_F(Building, FilesGoWhereTheyAreTold) {
    put("context/a", "A");
    put("context/conf/b.txt", "B");
    put("context/conf/c.ini", "C");
    put("context/conf/deep/d.txt", "D");
    chmod((base_ / "context/a").c_str(), 06777);
    files::create_symlink("b.txt", base_ / "context/conf/link");
    EXPECT_EQ(served(request("copy /a ./conf /srv/") + request("copy a /srv/e") +
                     request("copy conf/*.txt con?/deep /txt/") + request("copy . /all") +
                     request("cluufile FROM") + request("finish made")),
              "+\n+\n+\n+\n+\n+\n");
    EXPECT_EQ(text("images/made/root/srv/a") + text("images/made/root/srv/b.txt") +
                  text("images/made/root/srv/deep/d.txt") + text("images/made/root/srv/e"),
              "ABDA");
    EXPECT_EQ(text("images/made/root/txt/b.txt") + text("images/made/root/txt/d.txt") +
                  text("images/made/root/all/conf/c.ini"),
              "BDC");
    EXPECT_EQ(files::read_symlink(base_ / "images/made/root/srv/link"), "b.txt");
    EXPECT_EQ(static_cast<unsigned>(files::status(base_ / "images/made/root/srv/a").permissions()),
              0755u);
    EXPECT_FALSE(files::exists(base_ / "images/made/lock"));
}

TEST_F(Building, TheDestinationIsInTheImage) {
    put("context/a", "A");
    put("context/tree/x", "X");
    files::create_symlink("/usr/bin", base_ / "context/tree/bin");
    files::create_symlink("/", base_ / "context/tree/all");
    // Links of the image lead to the image, and a loop of them nowhere.
    files::create_symlink("loop", base_ / "context/tree/loop");
    EXPECT_EQ(served(request("copy tree /") + request("copy a /bin/") + request("copy a /loop/a") +
                     request("cluufile x") + request("finish made")),
              "+\n+\n-'/loop/a' leads nowhere in the image\n+\n+\n");
    EXPECT_EQ(text("images/made/root/usr/bin/a"), "A");
    EXPECT_TRUE(files::is_empty(base_ / "outside"));
}

TEST_F(Building, WhatLeadsOutIsRefused) {
    put("outside/secret", "S");
    put("context/deep/x", "x");
    files::create_symlink(base_ / "outside", base_ / "context/out");
    files::create_symlink("../../../../outside/secret", base_ / "context/deep/l");
    mkfifo((base_ / "context/pipe").c_str(), 0600);
    EXPECT_EQ(copied("out/secret /s"), "-'out' leads through a link or a file");
    EXPECT_EQ(copied("out /s"), "-'out' is a link; name what it leads to");
    EXPECT_EQ(copied("out/* /s/"), "-'out/*': nothing there is called so");
    EXPECT_EQ(copied("deep /s"), "-'s/l' is a link that leads out of the image");
    EXPECT_EQ(copied("../outside/secret /s"), "-'..' leads out of the folder");
    EXPECT_EQ(copied("deep/../../outside /s"), "-'..' leads out of the folder");
    EXPECT_EQ(copied("pipe /s"), "-'pipe' is a device, a pipe or a socket");
    EXPECT_EQ(copied("none /s"), "-'none': No such file or directory");
    EXPECT_EQ(copied("deep"), "-a COPY of nothing, or to nowhere");
    EXPECT_EQ(copied("deep s"), "-a COPY of nothing, or to nowhere");
}

TEST_F(Building, OtherImagesAreThoseThatThereAre) {
    put("images/low/root/etc/a", "A");
    put("images/bare/Cluufile", "");
    put("outside/secret", "S");
    files::create_directory(base_ / "images/sly");
    files::create_symlink(base_ / "outside", base_ / "images/sly/root");
    EXPECT_EQ(
        served(request("base low /") + request("from low etc/a /b") + request("base low /usr") +
               request("from bare a /b") + request("from sly secret /b") +
               request("base ../images/low /") + request("finish ../x") + request("finish low") +
               request("cluufile x") + request("finish high")),
        "+\n+\n+\n-bare: it has no files of its own\n-sly: it has no files of its own\n"
        "-../images/low: no such image\n-it needs another name: 1 to 63 of a-z 0-9 . _ -\n"
        "-there is an image 'low' already, which is not one that was built or imported\n+\n+\n");
    EXPECT_EQ(text("images/high/root/etc/a") + text("images/high/root/b"), "AA");
}

TEST_F(Building, WhatIsNoRequestIsRefused) {
    EXPECT_EQ(served(std::string(2, '\0')),
              "-a request that is none: ''\n-a request that is none: ''\n");
    EXPECT_EQ(served(request("shut")), "-a request that is none: 'shut'\n");
    EXPECT_EQ(served("copy"), "");
    EXPECT_EQ(served(std::string(60'000, 'x')), "");
    EXPECT_EQ(folders(), 0);
}

TEST_F(Building, AnImageWithoutFilesIsItsCluufile) {
    EXPECT_EQ(served(request("cluufile one") + request("cluufile two") + request("finish plain")),
              "+\n+\n+\n");
    EXPECT_EQ(text("images/plain/Cluufile"), "two");
    EXPECT_FALSE(files::exists(base_ / "images/plain/root"));
}

TEST_F(Building, NoMoreThanAnImageMayHave) {
    put("context/a", "0123456789");
    const Descriptor context(open((base_ / "context").c_str(), O_RDONLY | O_DIRECTORY));
    const Descriptor root(open((base_ / "outside").c_str(), O_RDONLY | O_DIRECTORY));
    for (const std::uint64_t most : {9, 10}) {
        Tree tree(root.get());
        CopyLimits limits{.left = most};
        EXPECT_EQ(copy_into(context.get(), {"a"}, "/a", tree, limits).has_value(), most == 10);
        CopyLimits all{.left = most};
        EXPECT_EQ(settle(root.get(), all).has_value(),
                  most == 10 || !files::exists(base_ / "outside/a"));
    }
    const auto deep = base_ / "context/d";
    files::path at = deep;
    for (int i = 0; i < 70; ++i) at /= "d";
    files::create_directories(at);
    Tree tree(root.get());
    CopyLimits limits{.left = 100};
    auto copied = copy_into(context.get(), {"d"}, "/d", tree, limits);
    EXPECT_TRUE(!copied && copied.error().contains("is too deep"));
    CopyLimits all{.left = 100};
    auto settled = settle(context.get(), all);
    EXPECT_TRUE(!settled && settled.error() == "its directories are too deep");
}

TEST_F(Building, WhatBuildMayNotLeave) {
    put("context/a", "A");
    chmod((base_ / "context/a").c_str(), 04777);
    const Descriptor context(open((base_ / "context").c_str(), O_RDONLY | O_DIRECTORY));
    CopyLimits limits{.left = 100};
    EXPECT_TRUE(settle(context.get(), limits));
    struct stat there{};
    EXPECT_TRUE(stat((base_ / "context/a").c_str(), &there) == 0 &&
                (there.st_mode & 07777) == 0755);
    mkfifo((base_ / "context/p").c_str(), 0600);
    EXPECT_EQ(settle(context.get(), limits).error(), "'p' is a device, a pipe or a socket");
}

TEST_F(Building, TheNextClearsUpWhatNobodyHolds) {
    put("images/.import-abcdef/root/a", "x");
    put("images/.build-ABCDEF/lock", "");
    files::path deep = base_ / "images/.build-deeper";
    for (int i = 0; i < 300; ++i) deep /= "d";
    files::create_directories(deep);
    put("images/.hidden/a", "x");
    {
        const Workshop first((base_ / "images").string(), Workshop::building);
        ASSERT_TRUE(first);
        EXPECT_EQ(folders(), 2);
        const Workshop second((base_ / "images").string(), Workshop::importing);
        EXPECT_TRUE(second);
        EXPECT_EQ(folders(), 3);
    }
    EXPECT_EQ(folders(), 1);
}

TEST_F(Building, AnImageIsRemoved) {
    put("images/made/root/a", "x");
    EXPECT_TRUE(remove_image("made", (base_ / "images").string()));
    EXPECT_EQ(folders(), 0);
    EXPECT_EQ(remove_image("made", (base_ / "images").string()).error(), "made: no such image");
    EXPECT_EQ(remove_image("../outside", (base_ / "images").string()).error(),
              "../outside: no such image");
    EXPECT_TRUE(files::exists(base_ / "outside"));
}

TEST_F(Building, AnImageIsReplacedAndItsFilesStayWhileSomebodyUsesThem) {
    put("context/a", "old");
    const std::string again = request("copy a /a") + request("cluufile x") + request("finish it");
    EXPECT_EQ(served(again), "+\n+\n+\n");
    const std::string old = files::read_symlink(base_ / "images/it").filename();
    put("context/a", "new");
    EXPECT_EQ(served(request("used " + old) + again), "+\n+\n+\n+\n");
    EXPECT_EQ(text("images/it/root/a"), "new");
    EXPECT_EQ(text("images/" + old + "/root/a"), "old");
    EXPECT_EQ(folders(), 3) << "the name, the image, and the old one";
    // A build that fails takes nothing away, and the next one what nobody uses any more.
    EXPECT_EQ(served(request("used") + request("copy none /a")),
              "+\n-'none': No such file or directory\n");
    EXPECT_EQ(folders(), 2);
    EXPECT_EQ(text("images/it/root/a"), "new");
    const Used used = std::set{files::read_symlink(base_ / "images/it").filename().string()};
    EXPECT_TRUE(remove_image("it", (base_ / "images").string(), used));
    EXPECT_EQ(folders(), 1) << "it is still used";
    EXPECT_TRUE(remove_image("it", (base_ / "images").string()).error() == "it: no such image");
    {
        const Workshop next((base_ / "images").string(), Workshop::building);
        next.clear_old(Used{std::set<std::string>{}});
    }
    EXPECT_EQ(folders(), 0);
}

TEST_F(Building, WhatTheLinksOfImagesSayIsNotBelieved) {
    put("outside/root/a", "secret");
    for (const char* target : {"../outside", ".image-a/../..", "/.image-abcdef", ".image-abcdef"}) {
        files::remove(base_ / "images/sly");
        files::create_symlink(target, base_ / "images/sly");
        EXPECT_EQ(served(request("from sly a /b")), "-sly: it has no files of its own\n") << target;
    }
}

TEST_F(Building, TextsOfOthersDoNotSteerTerminals) {
    EXPECT_EQ(printable("a\x1b[31m\nb\x7f"), "a\\x1b[31m\\x0ab\\x7f");
}

}  // namespace
}  // namespace oci
