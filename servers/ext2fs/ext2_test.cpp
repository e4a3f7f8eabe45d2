// SPDX-License-Identifier: MIT
// The ext2 back end on image files that mke2fs made; e2fsck is the judge of what it leaves behind.
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "libs/fs_server/conformance.hpp"
#include "servers/ext2fs/backend.hpp"

namespace ext2 {
namespace {

using fs_server::testing::ArrayStore;
using fs_server::testing::TestClient;
using fs_server::testing::TestHost;

class ImageFile final : public BlockDevice {
public:
    explicit ImageFile(const std::string& path) : file_(open(path.c_str(), O_RDWR)) {
        bytes_ = static_cast<std::uint64_t>(lseek(file_, 0, SEEK_END));
    }
    ~ImageFile() override { close(file_); }

    std::uint64_t sectors() const override { return bytes_ / sector_bytes; }
    bool read_only() const override { return false; }
    std::span<std::byte> buffer() override { return buffer_; }
    Status read(std::uint64_t sector, std::uint32_t count) override {
        ++requests;
        const auto done = pread(file_, buffer_.data(), count * sector_bytes,
                                static_cast<off_t>(sector * sector_bytes));
        return done == static_cast<ssize_t>(count * sector_bytes) ? Status::ok : Status::io_error;
    }
    Status write(std::uint64_t sector, std::uint32_t count) override {
        ++requests;
        if (failing) {
            return Status::io_error;
        }
        const auto done = pwrite(file_, buffer_.data(), count * sector_bytes,
                                 static_cast<off_t>(sector * sector_bytes));
        return done == static_cast<ssize_t>(count * sector_bytes) ? Status::ok : Status::io_error;
    }
    Status flush() override { return Status::ok; }

    bool failing = false;
    std::size_t requests = 0;

private:
    int file_;
    std::uint64_t bytes_ = 0;
    std::vector<std::byte> buffer_ = std::vector<std::byte>(64 << 10);
};

int run(const std::string& command) {
    const int status = std::system(("PATH=$PATH:/usr/sbin:/sbin; " + command).c_str());
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

class Image {
public:
    explicit Image(const std::string& options) {
        path_ = (std::filesystem::temp_directory_path() / "cluu_ext2_XXXXXX").string();
        close(mkstemp(path_.data()));
        std::filesystem::resize_file(path_, 8 << 20);
        made_ = run("mke2fs -q -F " + options + " " + path_) == 0;
    }
    ~Image() { std::filesystem::remove(path_); }

    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] bool made() const { return made_; }
    // Nothing wrong, and marked as left in order.
    [[nodiscard]] bool clean() const {
        return run("e2fsck -fn " + path_ +
                   " >/tmp/cluu_e2fsck.$$ 2>&1 || { cat /tmp/cluu_e2fsck.$$; "
                   "rm -f /tmp/cluu_e2fsck.$$; exit 1; }; rm -f /tmp/cluu_e2fsck.$$") == 0 &&
               run("dumpe2fs -h " + path_ + " 2>/dev/null | grep -q 'state: *clean$'") == 0;
    }

private:
    std::string path_;
    bool made_ = false;
};

// One mount of an image.
class Mounted {
public:
    explicit Mounted(const Image& image) : device(image.path()) {
        volume = Volume::open(device, [this](const std::string& line) { log += line + "\n"; }, why);
        if (volume) {
            auto made = std::make_unique<Ext2Backend>(*volume, store, host);
            backend = made.get();
            service.add_root(std::move(made));
        }
    }

    TestHost host;
    ArrayStore store;
    ImageFile device;
    std::string log, why;
    std::unique_ptr<Volume> volume;
    fs_server::Service service{host};
    TestClient client{service, host, fs_server::root_badge};
    Ext2Backend* backend = nullptr;
};

class Options1K {
public:
    static constexpr const char* value = "-t ext2 -b 1024";
};
class Options4K {
public:
    static constexpr const char* value =
        "-t ext2 -b 4096 -I 256 -O none,filetype,sparse_super,large_file,ext_attr,extra_isize";
};
class OptionsExt4 {
public:
    static constexpr const char* value = "-t ext4 -O ^has_journal";
};

template <class Options>
class ImageFixture : public ::testing::Test {
public:
    TestClient& client() { return mounted_.client; }

protected:
    void SetUp() override {
        ASSERT_TRUE(image_.made());
        ASSERT_NE(mounted_.backend, nullptr) << mounted_.why;
    }
    void TearDown() override {
        EXPECT_TRUE(mounted_.backend->sync_all());
        EXPECT_TRUE(image_.clean());
        EXPECT_EQ(mounted_.log, "");
    }

    Image image_{Options::value};
    Mounted mounted_{image_};
};

}  // namespace
}  // namespace ext2

namespace fs_server::testing {
INSTANTIATE_TYPED_TEST_SUITE_P(Ext2With1K, Conformance, ext2::ImageFixture<ext2::Options1K>);
INSTANTIATE_TYPED_TEST_SUITE_P(Ext2With4K, Conformance, ext2::ImageFixture<ext2::Options4K>);
INSTANTIATE_TYPED_TEST_SUITE_P(Ext4, Conformance, ext2::ImageFixture<ext2::OptionsExt4>);
}  // namespace fs_server::testing

namespace ext2 {
namespace {

using Ext2 = ImageFixture<Options4K>;
using SmallBlocks = ImageFixture<Options1K>;

TEST_F(Ext2, KeepsEverythingAcrossMounts) {
    auto& c = client();
    EXPECT_EQ(c.make_directory("d"), Status::ok);
    const std::string text(300'000, 'k');
    EXPECT_EQ(c.make_file("d/big", text), Status::ok);
    EXPECT_EQ(c.symlink("d/big", "link"), Status::ok);
    EXPECT_TRUE(mounted_.backend->sync_all());
    Mounted again{image_};
    EXPECT_EQ(again.client.contents("d/big"), text);
    EXPECT_EQ(again.client.stat("link").kind, fs::Kind::symbolic_link);
}

TEST_F(Ext2, TheDiskIsMarkedWhileItIsChanged) {
    EXPECT_TRUE(image_.clean());
    EXPECT_EQ(client().make_file("a", "a"), Status::ok);
    EXPECT_EQ(run("dumpe2fs -h " + image_.path() + " 2>/dev/null | grep -q 'state: *not clean'"),
              0);
    EXPECT_TRUE(mounted_.backend->changed());
    EXPECT_TRUE(mounted_.backend->sync_all());
    EXPECT_FALSE(mounted_.backend->changed());
    EXPECT_TRUE(image_.clean());
}

TEST_F(Ext2, AnOpenFileWithoutANameKeepsTheDiskMarked) {
    EXPECT_EQ(client().make_file("a", std::string(50'000, 'a')), Status::ok);
    const auto file = client().open("a", fs::OpenFlags::read);
    EXPECT_EQ(client().remove("a"), Status::ok);
    EXPECT_TRUE(mounted_.backend->sync_all());
    EXPECT_EQ(run("dumpe2fs -h " + image_.path() + " 2>/dev/null | grep -q 'state: *not clean'"),
              0);
    client().close(file);
}

TEST_F(SmallBlocks, AFullDiskIsAnErrorAndNothingIsLost) {
    auto& c = client();
    EXPECT_EQ(c.make_file("big", std::string(20 << 20, 'b')), Status::no_space);
    EXPECT_GT(c.stat("big").size, 6U << 20);
    EXPECT_EQ(c.make_file("small", "s"), Status::no_space);
    EXPECT_EQ(c.make_directory("d"), Status::no_space);
    EXPECT_EQ(c.remove("big"), Status::ok);
    EXPECT_EQ(c.make_file("small", "s"), Status::ok);
    int made = 0;
    while (c.make_file("node" + std::to_string(made), "") == Status::ok) {
        ++made;
    }
    EXPECT_GT(made, 500);
    EXPECT_EQ(c.make_directory("d"), Status::no_space);
}

TEST_F(SmallBlocks, FilesHaveALargestSize) {
    auto& c = client();
    EXPECT_EQ(c.make_file("a", "a"), Status::ok);
    const auto file = c.open("a", fs::OpenFlags::write | fs::OpenFlags::read);
    const auto truncated = c.call(file, fs::Truncate{.size = std::uint64_t{1} << 60});
    EXPECT_EQ(TestClient::status_of(truncated), Status::too_big);
    EXPECT_EQ(c.write(file, "x", std::uint64_t{1} << 60), Status::too_big);
    EXPECT_TRUE(c.call(file, fs::Truncate{.size = std::uint64_t{1} << 33}));
    EXPECT_EQ(c.write(file, "end", (std::uint64_t{1} << 33) - 3), Status::ok);
    EXPECT_EQ(c.stat("a").size, std::uint64_t{1} << 33);
    ASSERT_TRUE(c.call(file, fs::Read{.offset = (std::uint64_t{1} << 33) - 5, .length = 100}));
    EXPECT_EQ(c.payload, (std::string{"\0\0end", 5}));
    EXPECT_TRUE(c.call(file, fs::Truncate{.size = 1}));
    EXPECT_EQ(c.read_all(file), "a");
    c.close(file);
}

TEST_F(Ext2, MappedFilesAreWrittenBack) {
    auto& c = client();
    EXPECT_EQ(c.make_file("m", std::string(10'000, 'a')), Status::ok);
    const auto file = c.open("m", fs::OpenFlags::read | fs::OpenFlags::write);
    ASSERT_TRUE(c.call(file, fs::Map{.write = 1}));
    EXPECT_EQ(c.write(file, "changed", 5'000), Status::ok);
    EXPECT_EQ(c.read_all(file).substr(4'999, 8), "achanged");
    c.close(file);
    EXPECT_TRUE(mounted_.backend->sync_all());
    Mounted again{image_};
    EXPECT_EQ(again.client.contents("m").substr(4'999, 8), "achanged");
}

TEST_F(Ext2, ReadsInLargeRuns) {
    EXPECT_EQ(client().make_file("big", std::string(2 << 20, 'b')), Status::ok);
    EXPECT_TRUE(mounted_.backend->sync_all());
    Mounted again{image_};
    const auto file = again.client.open("big", fs::OpenFlags::read);
    again.device.requests = 0;
    ASSERT_TRUE(again.client.call(file, fs::Map{}));
    EXPECT_LT(again.device.requests, 48U);
    EXPECT_EQ(again.client.read_all(file), std::string(2 << 20, 'b'));
}

// Random operations against a model in memory.
TEST_F(SmallBlocks, RandomOperationsLeaveACleanDisk) {
    auto& c = client();
    std::mt19937 random{42};
    std::map<std::string, std::string> files;
    const auto name = [&] { return "n" + std::to_string(random() % 30); };
    for (int i = 0; i < 3'000; ++i) {
        const std::string one = name();
        const std::string two = name();
        switch (random() % 6) {
            case 0:
            case 1: {
                std::string data(random() % 40'000, static_cast<char>('a' + random() % 26));
                ASSERT_EQ(c.make_file(one, data), Status::ok);
                files[one] = data;
                break;
            }
            case 2:
                EXPECT_EQ(c.remove(one), files.erase(one) != 0 ? Status::ok : Status::not_found);
                break;
            case 3:
                if (files.contains(one) && one != two) {
                    EXPECT_EQ(c.rename(one, two), Status::ok);
                    files[two] = files[one];
                    files.erase(one);
                }
                break;
            case 4:
                if (files.contains(one)) {
                    const std::uint64_t size = random() % 60'000;
                    const auto file = c.open(one, fs::OpenFlags::write);
                    EXPECT_TRUE(c.call(file, fs::Truncate{.size = size}));
                    c.close(file);
                    files[one].resize(size);
                }
                break;
            default:
                if (files.contains(one)) {
                    const std::uint64_t offset = random() % 70'000;
                    const auto file = c.open(one, fs::OpenFlags::write);
                    EXPECT_EQ(c.write(file, "poke", offset), Status::ok);
                    c.close(file);
                    files[one].resize(std::max<std::size_t>(files[one].size(), offset + 4));
                    files[one].replace(offset, 4, "poke");
                }
        }
    }
    for (const auto& [path, data] : files) {
        EXPECT_EQ(c.contents(path), data) << path;
    }
    EXPECT_EQ(c.list("").size(), files.size() + 3);  // ".", "..", "lost+found"
}

TEST_F(Ext2, AFailingDiskIsAnErrorAndIsTriedAgain) {
    EXPECT_EQ(client().make_file("a", "a"), Status::ok);
    mounted_.device.failing = true;
    EXPECT_FALSE(mounted_.backend->sync_all());
    mounted_.device.failing = false;
    EXPECT_TRUE(mounted_.backend->sync_all());
    mounted_.log.clear();
}

TEST(BadDisks, AreRefusedWithAReason) {
    Image empty{"-t ext2"};
    std::filesystem::resize_file(empty.path(), 0);
    std::filesystem::resize_file(empty.path(), 1 << 20);
    EXPECT_EQ(Mounted{empty}.why, "there is no ext2 file system on the disk");
    Image cut{"-t ext2"};
    std::filesystem::resize_file(cut.path(), 512);
    EXPECT_NE(Mounted{cut}.why, "");
}

// Whatever stands in the superblock and the inodes, nothing worse than an error comes of it.
TEST(BadDisks, DamageIsSurvived) {
    std::mt19937 random{99};
    for (int round = 0; round < 60; ++round) {
        Image image{round % 2 == 0 ? "-t ext2 -b 1024" : "-t ext2 -b 4096"};
        {
            Mounted mounted{image};
            for (int i = 0; i < 20; ++i) {
                (void)mounted.client.make_file("f" + std::to_string(i), std::string(30'000, 'x'));
            }
            (void)mounted.client.make_directory("d");
            (void)mounted.backend->sync_all();
        }
        const int file = open(image.path().c_str(), O_RDWR);
        const off_t area = round % 3 == 0 ? 4096 : 400'000;
        for (int i = 0; i < 40; ++i) {
            const auto byte = static_cast<unsigned char>(random());
            EXPECT_EQ(pwrite(file, &byte, 1, static_cast<off_t>(random()) % area), 1);
        }
        close(file);
        Mounted mounted{image};
        if (mounted.backend != nullptr) {
            for (int i = 0; i < 20; ++i) {
                (void)mounted.client.contents("f" + std::to_string(i));
            }
            (void)mounted.client.list("");
            (void)mounted.client.make_file("new", std::string(20'000, 'y'));
            (void)mounted.client.remove("f3");
            (void)mounted.client.rename("f4", "d/f4");
            (void)mounted.backend->sync_all();
        }
    }
}

}  // namespace
}  // namespace ext2
