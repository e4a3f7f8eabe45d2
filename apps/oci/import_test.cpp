// SPDX-License-Identifier: MIT
// Archives, right ones and hostile ones, made here block by block.
#include "apps/oci/import.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include <filesystem>
#include <fstream>

#include "apps/oci/descriptor.hpp"
#include "apps/oci/export.hpp"
#include "apps/oci/hash.hpp"
#include "apps/oci/recipe.hpp"
#include "apps/oci/tree.hpp"

namespace oci {
namespace {

namespace files = std::filesystem;

struct Item {
    std::string path;
    char type = '0';
    std::string content = {};
    std::string target = {};
    unsigned mode = 0755;
};

std::string octal(std::uint64_t number, std::size_t width) {
    std::string text(width - 1, '0');
    for (std::size_t i = width - 1; i-- > 0; number >>= 3)
        text[i] = static_cast<char>('0' + (number & 7));
    return text + '\0';
}

std::string header_of(const Item& item) {
    std::string header(512, '\0');
    const auto put = [&](std::size_t at, const std::string& text) {
        header.replace(at, text.size(), text);
    };
    put(0, item.path.substr(0, 100));
    put(100, octal(item.mode, 8));
    put(108, octal(0, 8));
    put(116, octal(0, 8));
    put(124, octal(item.content.size(), 12));
    put(136, octal(1'000'000'000, 12));
    header[156] = item.type;
    put(157, item.target.substr(0, 100));
    put(257, "ustar");
    header.replace(263, 2, "00");
    header.replace(148, 8, "        ");
    unsigned sum = 0;
    for (const char c : header) sum += static_cast<unsigned char>(c);
    put(148, octal(sum, 7));
    return header;
}

std::string tar_of(const std::vector<Item>& items) {
    std::string tar;
    for (const Item& item : items) {
        tar += header_of(item) + item.content;
        tar.resize((tar.size() + 511) / 512 * 512);
    }
    return tar + std::string(1024, '\0');
}

std::string hash_text(const std::string& text) {
    Hash hash;
    hash.add(std::as_bytes(std::span(text)));
    return hash.text();
}

std::string gzip(const std::string& text) {
    z_stream stream{};
    deflateInit2(&stream, 6, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY);
    std::string packed(deflateBound(&stream, text.size()), '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    stream.avail_in = static_cast<uInt>(text.size());
    stream.next_out = reinterpret_cast<Bytef*>(packed.data());
    stream.avail_out = static_cast<uInt>(packed.size());
    deflate(&stream, Z_FINISH);
    packed.resize(stream.total_out);
    deflateEnd(&stream);
    return packed;
}

std::string zstd(const std::string& text) {
    std::string packed(ZSTD_compressBound(text.size()), '\0');
    packed.resize(ZSTD_compress(packed.data(), packed.size(), text.data(), text.size(), 3));
    return packed;
}

const std::vector<Item> program{{.path = "bin/", .type = '5'},
                                {.path = "bin/x", .content = "program"}};

// As `docker save` writes it.
std::string saved(const std::vector<std::string>& layers,
                  std::string run = R"("Cmd":["/bin/x","-v"])", bool packed = false) {
    std::string hashes, names;
    std::vector<Item> items;
    for (std::size_t i = 0; i < layers.size(); ++i) {
        const std::string name = std::to_string(i) + "/layer.tar";
        const char* comma = i == 0 ? "" : ",";
        hashes += comma + ("\"sha256:" + hash_text(layers[i]) + "\"");
        names += comma + ("\"" + name + "\"");
        items.push_back({.path = name, .content = packed ? zstd(layers[i]) : layers[i]});
    }
    items.push_back({.path = "c.json",
                     .content = R"({"architecture":"amd64","os":"linux","config":{)" + run +
                                R"(},"rootfs":{"diff_ids":[)" + hashes + "]}}"});
    items.push_back(
        {.path = "manifest.json",
         .content =
             R"([{"Config":"c.json","RepoTags":["library/Demo:1.0"],"Layers":[)" + names + "]}]"});
    return tar_of(items);
}

std::string layout(const std::string& layer) {
    const std::string packed = gzip(layer);
    const std::string config =
        R"({"architecture":"amd64","os":"linux","config":{"Entrypoint":["x"],"Env":["PATH=/sbin:/bin"]},)"
        R"("rootfs":{"diff_ids":["sha256:)" +
        hash_text(layer) + "\"]}}";
    const std::string manifest = R"({"config":{"digest":"sha256:)" + hash_text(config) +
                                 R"("},"layers":[{"digest":"sha256:)" + hash_text(packed) + "\"}]}";
    const auto blob = [](const std::string& content) {
        return Item{.path = "blobs/sha256/" + hash_text(content), .content = content};
    };
    return tar_of(
        {{.path = "oci-layout", .content = R"({"imageLayoutVersion":"1.0.0"})"},
         {.path = "index.json",
          .content = R"({"manifests":[{"digest":"sha256:)" + hash_text(manifest) + "\"}]}"},
         blob(manifest),
         blob(config),
         blob(packed)});
}

class Import : public testing::Test {
protected:
    Import() {
        std::string name = (files::temp_directory_path() / "oci-XXXXXX").string();
        base_ = mkdtemp(name.data());
        files::create_directory(base_ / "images");
        files::create_directory(base_ / "outside");
    }
    ~Import() override { files::remove_all(base_); }

    // -> the name, or the error without the archive's own name.
    std::string import(const std::string& archive, const std::string& name = "",
                       std::uint64_t most = most_bytes) {
        const files::path file = base_ / "some.tar.gz";
        std::ofstream(file, std::ios::binary) << archive;
        const Descriptor opened(open(file.c_str(), O_RDONLY | O_CLOEXEC));
        auto done =
            import_image(opened.get(), file.string(), name, (base_ / "images").string(), most);
        if (done) return *done;
        EXPECT_TRUE(done.error().starts_with(file.string() + ": ")) << done.error();
        EXPECT_TRUE(files::is_empty(base_ / "images")) << "something was left behind";
        EXPECT_TRUE(files::is_empty(base_ / "outside"));
        return done.error().substr(file.string().size() + 2);
    }
    std::string import_layer(const std::vector<Item>& items) {
        return import(saved({tar_of(items)}));
    }
    std::string text(const std::string& path) {
        std::ifstream file(base_ / "images" / path);
        return {std::istreambuf_iterator<char>(file), {}};
    }
    bool exists(const std::string& path) {
        return files::exists(files::symlink_status(base_ / "images" / path));
    }

    files::path base_;
};

TEST_F(Import, SavedImagesAndLayouts) {
    EXPECT_EQ(import(saved({tar_of(program)})), "demo");
    EXPECT_EQ(text("demo/root/bin/x"), "program");
    EXPECT_TRUE(text("demo/Cluufile").contains("ENTRYPOINT /bin/x /bin/x\nCMD -v\n"))
        << text("demo/Cluufile");
    EXPECT_EQ(import(layout(tar_of(program))), "some");
    EXPECT_TRUE(text("some/Cluufile").contains("ENTRYPOINT /bin/x x\n")) << text("some/Cluufile");
    EXPECT_EQ(import(gzip(saved({tar_of(program)}, R"("Cmd":["/bin/x"])", true)), "other"),
              "other");
    EXPECT_EQ(import(zstd(layout(tar_of(program))), "third"), "third");
    EXPECT_EQ(text("third/root/bin/x"), "program");
}

TEST_F(Import, LayersLieOverEachOther) {
    const std::string low = tar_of({{.path = "bin/x", .content = "old"},
                                    {.path = "etc/a", .content = "a"},
                                    {.path = "etc/b", .content = "b"},
                                    {.path = "var/c", .content = "c"},
                                    {.path = "lib", .content = "a file"}});
    const std::string high = tar_of({{.path = "./bin/x", .content = "new"},
                                     {.path = "etc/.wh.a"},
                                     {.path = "var/.wh..wh..opq"},
                                     {.path = "var/d", .content = "d"},
                                     {.path = "lib/", .type = '5'},
                                     {.path = "lib/l", .type = '2', .target = "../etc/b"},
                                     {.path = "hard", .type = '1', .target = "etc/b"}});
    EXPECT_EQ(import(saved({low, high})), "demo");
    EXPECT_EQ(text("demo/root/bin/x"), "new");
    EXPECT_FALSE(exists("demo/root/etc/a"));
    EXPECT_FALSE(exists("demo/root/var/c"));
    EXPECT_EQ(text("demo/root/var/d"), "d");
    EXPECT_EQ(text("demo/root/lib/l"), "b");
    EXPECT_EQ(text("demo/root/hard"), "b");
}

TEST_F(Import, AWhiteoutIsForTheLayersBelowWhereverItStands) {
    const std::string low = tar_of({{.path = "bin/x", .content = "x"},
                                    {.path = "d/low", .content = "low"},
                                    {.path = "d/both/low", .content = "low"},
                                    {.path = "e", .content = "low"}});
    const std::string high = tar_of({{.path = "d/both/high", .content = "high"},
                                     {.path = "d/high", .content = "high"},
                                     {.path = "e/", .type = '5'},
                                     {.path = "e/high", .content = "high"},
                                     {.path = "d/.wh..wh..opq"},
                                     {.path = ".wh.e"}});
    EXPECT_EQ(import(saved({low, high})), "demo");
    EXPECT_FALSE(exists("demo/root/d/low"));
    EXPECT_FALSE(exists("demo/root/d/both/low"));
    EXPECT_EQ(text("demo/root/d/both/high"), "high");
    EXPECT_EQ(text("demo/root/d/high"), "high");
    EXPECT_EQ(text("demo/root/e/high"), "high");
}

TEST_F(Import, AnImageCanBeChangedByItsOwnerAlone) {
    EXPECT_EQ(import_layer({{.path = "tmp/", .type = '5', .mode = 01777},
                            {.path = "bin/x", .content = "x", .mode = 06777}}),
              "demo");
    EXPECT_EQ(files::status(base_ / "images/demo/root/tmp").permissions(), files::perms{0755});
    EXPECT_EQ(files::status(base_ / "images/demo/root/bin/x").permissions(), files::perms{0755});
}

// As `docker save` wrote it before it wrote layouts: a layer that comes twice is a link the second
// time.
TEST_F(Import, ALayerMayBeALinkToAnother) {
    const std::string layer = tar_of(program);
    const std::string hash = "\"sha256:" + hash_text(layer) + "\"";
    EXPECT_EQ(import(tar_of({{.path = "a/layer.tar", .content = layer},
                             {.path = "b/layer.tar", .type = '2', .target = "../a/layer.tar"},
                             {.path = "c.json",
                              .content = R"({"config":{"Cmd":["/bin/x"]},"rootfs":{"diff_ids":[)" +
                                         hash + "," + hash + "]}}"},
                             {.path = "manifest.json",
                              .content = R"([{"Config":"c.json","RepoTags":["demo:1"],)"
                                         R"("Layers":["a/layer.tar","b/layer.tar"]}])"}})),
              "demo");
}

TEST_F(Import, WhatItIsToldGoesIntoTheCluufile) {
    const std::string run =
        R"("Entrypoint":["/bin/x","it's"],"Cmd":["a b"],"User":"ann:staff","WorkingDir":"/srv",)"
        R"("Env":["A=b c"],"Labels":{"version":"1"})";
    std::vector<Item> items = program;
    items.push_back({.path = "etc/passwd", .content = "ann:x:7:8::/:/bin/x\n"});
    items.push_back({.path = "etc/group", .content = "root:x:0:\nstaff:x:9:\n"});
    EXPECT_EQ(import(saved({tar_of(items)}, run)), "demo");
    const std::string file = text("demo/Cluufile");
    for (const char* wanted : {"\nMOUNT / image\n", "\nENTRYPOINT /bin/x /bin/x \"it's\"\n",
                               "\nCMD 'a b'\n", "\nUSER 7:9\n", "\nWORKDIR /srv\n",
                               "\nENV 'A=b c'\n", "\nLABEL version=1\n", "\nPROFILE ipc vfs\n"}) {
        EXPECT_TRUE(file.contains(wanted)) << wanted << file;
    }
}

TEST_F(Import, NoTextOfAConfigurationBecomesADirective) {
    for (const char* run : {R"("Cmd":["/bin/x","a\nPROFILE","admin"])",
                            R"("Cmd":["/bin/x"],"Env":["A=1\nPROFILE","B=\tadmin"])",
                            R"("Cmd":["/bin/x"],"WorkingDir":"/srv\rMOUNT / inherit")",
                            R"("Cmd":["/bin/x"],"Labels":{"a":"\u007f"})"}) {
        EXPECT_TRUE(import(saved({tar_of(program)}, run)).contains("control characters")) << run;
    }
    EXPECT_TRUE(import(saved({tar_of(program)}, R"("Cmd":["/bin/x","'\""])"))
                    .contains("both kinds of quotes"));
    EXPECT_TRUE(import(saved({tar_of(program)}, R"("Cmd":["/bin/x"],"Env":["nothing"])"))
                    .contains("cannot be said in a Cluufile"));
}

TEST_F(Import, HostileLayersAreRefused) {
    const std::string out = (base_ / "outside/x").string();
    const auto refused = [&](const std::vector<Item>& items, std::string_view why) {
        const std::string error = import_layer(items);
        EXPECT_TRUE(error.starts_with("layer 1: ") && error.contains(why)) << error;
    };
    refused({{.path = "../outside/x"}}, "leads out of the image");
    refused({{.path = "a/../../x"}}, "leads out of the image");
    refused({{.path = out}}, "is an absolute path");
    refused({{.path = "l", .type = '2', .target = "../../outside"}}, "link that leads out");
    refused({{.path = "l", .type = '2', .target = base_ / "outside"}, {.path = "l/x"}},
            "leads through a link");
    refused({{.path = "f"}, {.path = "f/x"}}, "leads through a link or a file");
    refused({{.path = "h", .type = '1', .target = "../../outside"}}, "leads out of the image");
    refused({{.path = "h", .type = '1', .target = "nothing"}}, "no file of the image");
    refused({{.path = "l", .type = '2', .target = "/etc"},
             {.path = "h", .type = '1', .target = "l/passwd"}},
            "leads through a link");
    refused({{.path = "d", .type = '3'}}, "device");
    refused({{.path = "p", .type = '6'}}, "device or a pipe");
    refused({{.path = "s", .type = 'S'}}, "of a kind that is not known");
    refused({{.path = "etc/.wh..."}}, "removes nothing");
    refused({{.path = "etc/.wh."}}, "removes nothing");
    std::string deep;
    for (int i = 0; i < 65; ++i) deep += "d/";
    refused({{.path = "././@LongLink", .type = 'L', .content = deep}, {.path = "d"}}, "too deep");
    const std::string record = "27 path=../../../outside/x\n";
    refused({{.path = "x", .type = 'x', .content = record}, {.path = "d"}},
            "leads out of the image");
}

TEST_F(Import, DamageIsRefused) {
    const std::string layer = tar_of(program);
    const std::string whole = saved({layer});
    for (std::size_t length = 0; length < whole.size() - 1024; length += 512 + 128) {
        EXPECT_NE(import(whole.substr(0, length)), "demo") << length;
    }
    std::string wrong = whole;
    wrong[whole.find("program")] = 'P';
    EXPECT_TRUE(import(wrong).contains("not what the configuration says")) << import(wrong);
    std::string renamed = layout(layer);
    renamed[renamed.find("PATH=")] = 'p';
    EXPECT_TRUE(import(renamed).contains("is not what its name says"));
    const std::string packed = gzip(whole);
    EXPECT_TRUE(import(packed.substr(0, packed.size() / 2)).contains("cut off"));
    EXPECT_TRUE(import("no archive at all").contains("it ends too early"));
    EXPECT_TRUE(import(tar_of({{.path = "a"}})).contains("neither an archive"));
    EXPECT_TRUE(
        import(saved({layer}, R"("Cmd":["/bin/none"])")).contains("'/bin/none' is not in it"));
    EXPECT_TRUE(
        import(saved({layer}, R"("Cmd":["/bin/x"],"User":"ann")")).contains("its user 'ann'"));
    EXPECT_TRUE(import(saved({layer}, R"("Cmd":7)")).contains("no list"));
    EXPECT_TRUE(import(saved({layer}), "Bad/Name").contains("another name"));
}

TEST_F(Import, WhatUnpacksWithoutEndIsStopped) {
    // A thousand times smaller than what it holds: as a whole, and as a layer.
    constexpr std::uint64_t most = 1 << 20;
    const std::string zeros(3 << 20, '\0');
    EXPECT_TRUE(import(gzip(zeros), "", most).contains("more than an image may have"));
    const std::string layer = tar_of({{.path = "zeros", .content = zeros}});
    EXPECT_TRUE(import(saved({layer}, R"("Cmd":["/zeros"])", true), "", most)
                    .contains("more than an image may have"));
    std::string huge = header_of({.path = "f"});
    huge.replace(124, 12, std::string("\x80\0\0\0\x7f\0\0\0\0\0\0\0", 12));
    huge.replace(148, 8, "        ");
    unsigned sum = 0;
    for (const char c : huge) sum += static_cast<unsigned char>(c);
    huge.replace(148, 7, octal(sum, 7));
    EXPECT_TRUE(import(saved({huge})).contains("a size that cannot be"));
}

TEST_F(Import, WhatIsInterruptedLeavesNothing) {
    interrupted = 1;
    EXPECT_EQ(import(saved({tar_of(program)})), "it was interrupted");
    interrupted = 0;
}

TEST_F(Import, NamesThatWouldTakeAllMemoryAreRefused) {
    const std::string layer = tar_of({{.path = "a/b/c"}, {.path = "d"}});
    const Descriptor root(open(base_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    constexpr std::uint64_t all = 5 + 3 + 1 + 1;  // with the directories on the way
    for (const std::uint64_t most : {all - 1, all}) {
        MemorySource source(std::as_bytes(std::span(layer)));
        TarReader reader(source);
        Tree tree(root.get(), most);
        EXPECT_EQ(tree.apply(reader).has_value(), most == all);
    }
}

TEST_F(Import, AnImageThatWasImportedIsReplaced) {
    EXPECT_EQ(import(saved({tar_of(program)})), "demo");
    EXPECT_EQ(std::distance(files::directory_iterator(base_ / "images"), {}), 2);
    EXPECT_EQ(import(saved({tar_of(program)})), "demo");
    EXPECT_TRUE(exists("demo/Cluufile"));
    EXPECT_EQ(std::distance(files::directory_iterator(base_ / "images"), {}), 3)
        << "the name, the image, and the old one";
}

TEST_F(Import, AnImageOfTheSystemIsNotReplaced) {
    files::create_directory(base_ / "images/demo");
    std::ofstream(base_ / "images/demo/Cluufile") << "PROFILE vfs\n";
    std::ofstream(base_ / "some.tar") << saved({tar_of(program)});
    const Descriptor opened(open((base_ / "some.tar").c_str(), O_RDONLY | O_CLOEXEC));
    const auto again = import_image(opened.get(), "it", "", (base_ / "images").string());
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error(),
              "it: there is an image 'demo' already, which is not one that was built or imported");
    EXPECT_EQ(std::distance(files::directory_iterator(base_ / "images"), {}), 1);
}

class Export : public Import {
protected:
    // -> the archive, or the error.
    std::string exported(const std::string& name) {
        const files::path file = base_ / "exported.tar";
        const Descriptor to(open(file.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
        auto done = export_image(name, (base_ / "images").string(), to.get());
        if (!done) return done.error();
        std::ifstream archive(file, std::ios::binary);
        return {std::istreambuf_iterator<char>(archive), {}};
    }
};

TEST_F(Export, WhatWasExportedCanBeImported) {
    const std::string run =
        R"("Entrypoint":["/bin/x","it's"],"Cmd":["a b"],"User":"7:9","WorkingDir":"/srv",)"
        R"("Env":["A=b c"],"Labels":{"version":"1"})";
    const std::string deep = std::string(120, 'n') + "/" + std::string(130, 'm');
    std::vector<Item> items = program;
    items.push_back({.path = "same", .type = '1', .target = "bin/x"});
    items.push_back({.path = "link", .type = '2', .target = "bin/x"});
    items.push_back({.path = "srv/", .type = '5'});
    items.push_back({.path = "././@LongLink", .type = 'L', .content = deep});
    items.push_back({.path = "n", .content = "deep"});
    EXPECT_EQ(import(saved({tar_of(items)}, run)), "demo");
    const std::string first = exported("demo");
    EXPECT_EQ(import(first, "again"), "again");
    EXPECT_EQ(text("again/Cluufile"), text("demo/Cluufile"));
    EXPECT_EQ(text("again/root/" + deep), "deep");
    EXPECT_EQ(files::read_symlink(base_ / "images/again/root/link"), "bin/x");
    EXPECT_EQ(files::hard_link_count(base_ / "images/again/root/same"), 2);
    files::remove_all(base_ / "images/demo");
    EXPECT_EQ(import(first), "demo") << "the name that the archive has";
    files::last_write_time(base_ / "images/demo/root/srv", files::file_time_type{});
    EXPECT_EQ(exported("demo"), first) << "the same image makes the same bytes";
}

TEST_F(Export, WhatIsNoImageWithFilesIsRefused) {
    EXPECT_TRUE(exported("none").contains("none: No such file")) << exported("none");
    EXPECT_TRUE(exported("../images").contains("not the name of an image"));
    files::create_directory(base_ / "images/tool");
    std::ofstream(base_ / "images/tool/Cluufile")
        << "PROFILE vfs\nMOUNT / readonly\nENTRYPOINT /bin/x\n";
    EXPECT_TRUE(exported("tool").contains("no files of its own"));
    std::ofstream(base_ / "images/tool/Cluufile")
        << "PROFILE vfs\nMOUNT / image\nENTRYPOINT /bin/x\n";
    EXPECT_TRUE(exported("tool").contains("tool: it has no files of its own"));
    std::ofstream(base_ / "images/tool/Cluufile")
        << "PROFILE vfs\nMOUNT / image\nENTRYPOINT /bin/busybox cat\n";
    EXPECT_TRUE(exported("tool").contains("another name than its file's, 'cat'"));
    std::ofstream(base_ / "images/tool/Cluufile") << "PROFILE vfs\nMOUNT / image\n";
    EXPECT_TRUE(exported("tool").contains("cannot be run"));
}

TEST(Names, OfImages) {
    EXPECT_EQ(image_name_of("docker.io/library/busybox:1.36", "x.tar"), "busybox");
    EXPECT_EQ(image_name_of("", "/home/ann/My-Tool.tar.gz"), "my-tool");
    EXPECT_EQ(image_name_of("", "/"), "");
}

}  // namespace
}  // namespace oci
