// SPDX-License-Identifier: MIT
//! What Rust's standard library asks of Linux: threads, channels, files, processes, local sockets, time, panics, much memory.
//! Each check runs in a thread and a directory of its own; one that fails panics, and the program's status is then 1.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{symlink, FileExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Barrier, Condvar, Mutex, Once, RwLock};
use std::time::{Duration, Instant, SystemTime};
use std::{env, panic, process, thread};

fn threads(_: &Path) {
    const COUNT: usize = 32;
    let sum = Arc::new(AtomicUsize::new(0));
    let barrier = Arc::new(Barrier::new(COUNT));
    let handles: Vec<_> = (0..COUNT)
        .map(|number| {
            let (sum, barrier) = (sum.clone(), barrier.clone());
            let work = move || {
                let leads = barrier.wait().is_leader();
                sum.fetch_add(number, Ordering::SeqCst);
                (leads, thread::current().name().unwrap().to_string())
            };
            thread::Builder::new().name(format!("worker{number}")).stack_size(256 << 10).spawn(work).unwrap()
        })
        .collect();
    let results: Vec<_> = handles.into_iter().map(|handle| handle.join().unwrap()).collect();
    assert_eq!(results.iter().filter(|(leads, _)| *leads).count(), 1);
    assert_eq!(results[7].1, "worker7");
    assert_eq!(sum.load(Ordering::SeqCst), COUNT * (COUNT - 1) / 2);
    let mut text = String::from("scoped");
    thread::scope(|scope| {
        scope.spawn(|| text.push_str(" threads"));
    });
    assert_eq!(text, "scoped threads");
    assert!(thread::available_parallelism().unwrap().get() >= 1);
}

fn locks(_: &Path) {
    let turn = Arc::new((Mutex::new(0), Condvar::new()));
    let shared = Arc::new(RwLock::new(Vec::new()));
    thread::scope(|scope| {
        for number in 0..4 {
            let (turn, shared) = (turn.clone(), shared.clone());
            scope.spawn(move || {
                for round in 0..100 {
                    let mut now = turn.1.wait_while(turn.0.lock().unwrap(), |now| *now % 4 != number).unwrap();
                    shared.write().unwrap().push(round * 4 + number);
                    *now += 1;
                    turn.1.notify_all();
                    drop(now);
                    assert!(shared.read().unwrap().len() > round * 4 + number);
                }
            });
        }
    });
    assert!(shared.read().unwrap().iter().copied().eq(0..400));
    let (nobody, waited) = (Mutex::new(()), Condvar::new());
    assert!(waited.wait_timeout(nobody.lock().unwrap(), Duration::from_millis(5)).unwrap().1.timed_out());
    static ONCE: Once = Once::new();
    static RUNS: AtomicUsize = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| ONCE.call_once(|| drop(RUNS.fetch_add(1, Ordering::Relaxed))));
        }
    });
    assert_eq!(RUNS.load(Ordering::Relaxed), 1);
}

fn channels(_: &Path) {
    let (sender, receiver) = mpsc::sync_channel::<usize>(3);
    let senders: Vec<_> = (0..5)
        .map(|first| {
            let sender = sender.clone();
            thread::spawn(move || (0..1000).for_each(|n| sender.send(first * 1000 + n).unwrap()))
        })
        .collect();
    drop(sender);
    let mut got: Vec<_> = receiver.iter().collect();
    senders.into_iter().for_each(|handle| handle.join().unwrap());
    got.sort_unstable();
    assert!(got.into_iter().eq(0..5000));
    let (sender, receiver) = mpsc::channel::<()>();
    let began = Instant::now();
    assert_eq!(receiver.recv_timeout(Duration::from_millis(20)), Err(RecvTimeoutError::Timeout));
    assert!(began.elapsed() >= Duration::from_millis(20));
    drop(sender);
    assert_eq!(receiver.recv_timeout(Duration::from_secs(60)), Err(RecvTimeoutError::Disconnected));
}

fn files(place: &Path) {
    let name = place.join("file");
    let options = OpenOptions::new().read(true).write(true).create_new(true).mode(0o640).clone();
    let mut file = options.open(&name).unwrap();
    assert_eq!(options.open(&name).unwrap_err().kind(), ErrorKind::AlreadyExists);
    writeln!(file, "one\ntwo").unwrap();
    file.seek(SeekFrom::Start(4)).unwrap();
    let mut rest = String::new();
    file.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "two\n");
    file.write_at(b"ONE", 0).unwrap();
    file.set_len(100_000).unwrap();
    file.sync_all().unwrap();
    let about = file.metadata().unwrap();
    assert_eq!((about.len(), about.permissions().mode() & 0o777, about.nlink()), (100_000, 0o640, 1));
    fs::hard_link(&name, place.join("second")).unwrap();
    assert_eq!(fs::metadata(&name).unwrap().nlink(), 2);
    symlink("second", place.join("link")).unwrap();
    assert!(place.join("link").symlink_metadata().unwrap().file_type().is_symlink());
    assert_eq!(fs::read_link(place.join("link")).unwrap(), Path::new("second"));
    assert_eq!(place.join("link").canonicalize().unwrap(), place.canonicalize().unwrap().join("second"));
    assert_eq!(fs::copy(&name, place.join("copy")).unwrap(), 100_000);
    assert_eq!(fs::metadata(place.join("copy")).unwrap().mode() & 0o777, 0o640);
    assert!(fs::read(place.join("copy")).unwrap().starts_with(b"ONE\ntwo\n\0"));
    fs::set_permissions(&name, fs::Permissions::from_mode(0o400)).unwrap();
    assert!(fs::metadata(&name).unwrap().permissions().readonly());
    fs::rename(place.join("copy"), place.join("link")).unwrap();
    let mut listed: Vec<_> = fs::read_dir(place).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    listed.sort();
    assert_eq!(listed, ["file", "link", "second"]);
    let age = fs::metadata(&name).unwrap().modified().unwrap().elapsed().unwrap();
    assert!(age < Duration::from_secs(600));
}

fn directories(place: &Path) {
    let mut deep = place.join("tree");
    for level in 0..20 {
        deep.push(format!("level{level}"));
    }
    fs::create_dir_all(&deep).unwrap();
    for number in 0..500 {
        File::create(deep.join(format!("{number}"))).unwrap();
    }
    assert_eq!(fs::read_dir(&deep).unwrap().count(), 500);
    assert_eq!(fs::remove_dir(place.join("tree")).unwrap_err().raw_os_error(), Some(39)); // ENOTEMPTY
    assert_eq!(fs::read_dir(deep.join("7")).unwrap_err().raw_os_error(), Some(20)); // ENOTDIR
    symlink(place, deep.join("back")).unwrap(); // not followed
    fs::write(place.join("kept"), "").unwrap();
    fs::remove_dir_all(place.join("tree")).unwrap();
    assert!(!place.join("tree").exists() && place.join("kept").exists());
}

fn processes(place: &Path) {
    let myself = env::current_exe().unwrap();
    let output = Command::new("sh").args(["-c", "pwd; echo $WORD; cat; exit 3"]).current_dir(place).env("WORD", "a b")
        .stdin(File::open("/dev/null").unwrap()).output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    let told = String::from_utf8(output.stdout).unwrap();
    assert_eq!(told, format!("{}\na b\n", place.canonicalize().unwrap().display()));
    let mut child = Command::new("sort").arg("-n").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let writer = thread::spawn(move || (0..5000).rev().for_each(|n| writeln!(input, "{n}").unwrap()));
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map(|line| line.unwrap().parse::<u32>().unwrap());
    assert!(lines.eq(0..5000));
    writer.join().unwrap();
    assert!(child.wait().unwrap().success());
    let mut child = Command::new("sleep").arg("1000").spawn().unwrap();
    assert!(child.try_wait().unwrap().is_none());
    child.kill().unwrap();
    assert_eq!(child.wait().unwrap().signal(), Some(9));
    assert_eq!(Command::new("/no/such/program").spawn().unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(Command::new(place).spawn().unwrap_err().kind(), ErrorKind::PermissionDenied);
    let status = Command::new(&myself).arg("abort").stderr(Stdio::null()).status().unwrap();
    assert_eq!(status.signal(), Some(6));
    let output = Command::new(&myself).args(["words", "", "two words"]).env_clear().env("ONLY", "this").output().unwrap();
    assert_eq!(output.stdout, b"[\"\", \"two words\"] [(\"ONLY\", \"this\")]\n");
    let mut hooked = Command::new("sh");
    let hooked = unsafe { hooked.args(["-c", "exit $HOOK"]).env("HOOK", "9").pre_exec(|| env::set_current_dir("/")) };
    assert_eq!(hooked.status().unwrap().code(), Some(9));
    let refused = unsafe { Command::new("true").pre_exec(|| Err(io::Error::from_raw_os_error(11))).spawn() };
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::WouldBlock);
}

fn sockets(place: &Path) {
    let name = place.join("socket");
    let listener = UnixListener::bind(&name).unwrap();
    assert_eq!(UnixListener::bind(&name).unwrap_err().kind(), ErrorKind::AddrInUse);
    let server = thread::spawn(move || {
        for client in listener.incoming().take(4) {
            let client = client.unwrap();
            thread::spawn(move || {
                let mut answers = client.try_clone().unwrap();
                for line in BufReader::new(client).lines() {
                    writeln!(answers, "{}", line.unwrap().to_uppercase()).unwrap();
                }
            });
        }
    });
    let clients: Vec<_> = (0..4).map(|_| UnixStream::connect(&name).unwrap()).collect();
    for (number, client) in clients.iter().enumerate() {
        writeln!(&*client, "client {number}").unwrap();
    }
    for (number, client) in clients.into_iter().enumerate() {
        client.shutdown(std::net::Shutdown::Write).unwrap();
        let mut answer = String::new();
        BufReader::new(client).read_to_string(&mut answer).unwrap();
        assert_eq!(answer, format!("CLIENT {number}\n"));
    }
    server.join().unwrap();
    assert_eq!(UnixStream::connect(&name).unwrap_err().kind(), ErrorKind::ConnectionRefused);
    let (mut one, other) = UnixStream::pair().unwrap();
    one.set_read_timeout(Some(Duration::from_millis(10))).unwrap();
    assert_eq!(one.read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
    drop(other);
    assert_eq!(one.read(&mut [0]).unwrap(), 0);
    assert_eq!(one.write(&[0]).unwrap_err().kind(), ErrorKind::BrokenPipe);
    let (first, second) = (UnixDatagram::bind(place.join("a")).unwrap(), UnixDatagram::unbound().unwrap());
    second.send_to(b"datagram", place.join("a")).unwrap();
    let mut buffer = [0; 20];
    assert_eq!(first.recv(&mut buffer).unwrap(), 8);
}

fn time(_: &Path) {
    let (began, wall) = (Instant::now(), SystemTime::now());
    thread::sleep(Duration::from_millis(30));
    assert!(began.elapsed() >= Duration::from_millis(30));
    assert!(wall.elapsed().unwrap() >= Duration::from_millis(29));
    assert!(wall.duration_since(SystemTime::UNIX_EPOCH).unwrap() > Duration::from_secs(50 * 365 * 86_400));
    let parked = Instant::now();
    thread::park_timeout(Duration::from_millis(10));
    let waiter = thread::spawn(thread::park);
    waiter.thread().unpark();
    waiter.join().unwrap();
    assert!(parked.elapsed() < Duration::from_secs(60));
}

fn panics(_: &Path) {
    struct Counts<'a>(&'a AtomicUsize);
    impl Drop for Counts<'_> {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
    fn deep(levels: usize, dropped: &AtomicUsize) -> usize {
        let _counts = Counts(dropped);
        if levels == 0 { panic!("at the bottom") } else { deep(levels - 1, dropped) + 1 }
    }
    let dropped = AtomicUsize::new(0);
    let caught = panic::catch_unwind(|| deep(1000, &dropped)).unwrap_err();
    assert_eq!(*caught.downcast_ref::<&str>().unwrap(), "at the bottom");
    assert_eq!(dropped.load(Ordering::Relaxed), 1001);
    let lock = Arc::new(Mutex::new(1));
    let held = lock.clone();
    let broken = thread::spawn(move || {
        let _guard = held.lock().unwrap();
        let nothing: Vec<u8> = Vec::new();
        nothing[env::args().count()]
    });
    assert!(broken.join().is_err() && lock.is_poisoned());
}

fn memory(_: &Path) {
    let mut large = vec![0u8; 200 << 20]; // only what is touched is there
    for at in (0..large.len()).step_by(1 << 20) {
        large[at] = 1;
    }
    assert_eq!(large.iter().step_by(1 << 20).map(|byte| usize::from(*byte)).sum::<usize>(), 200);
    large.truncate(1 << 20);
    large.shrink_to_fit();
    assert_eq!(large.len(), 1 << 20);
    let mut more: Vec<u8> = Vec::new();
    assert!(more.try_reserve_exact(1 << 46).is_err());
    let mut words = HashMap::new(); // its keys are random
    for number in 0..50_000 {
        words.insert(format!("word{number}"), number);
    }
    assert!((0..50_000).all(|number| words[&format!("word{number}")] == number));
    let recursing = thread::Builder::new().stack_size(64 << 20).spawn(|| recurse(100_000)).unwrap();
    assert_eq!(recursing.join().unwrap(), 100_000);
}

#[inline(never)]
fn recurse(depth: usize) -> usize {
    let frame = [depth; 32];
    let left = unsafe { std::ptr::read_volatile(&frame[depth % 32]) };
    if left == 0 { 0 } else { recurse(left - 1) + 1 }
}

const CHECKS: [(&str, fn(&Path)); 11] = [
    ("threads", threads), ("locks", locks), ("channels", channels), ("files", files), ("directories", directories),
    ("processes", processes), ("sockets", sockets), ("time", time), ("panics", panics), ("memory", memory),
    ("overflow", overflow),
];

/// A thread that overflows its stack is told so, and the process ends by SIGABRT.
fn overflow(_: &Path) {
    let output = Command::new(env::current_exe().unwrap()).arg("overflow").output().unwrap();
    assert_eq!(output.status.signal(), Some(6));
    assert!(String::from_utf8_lossy(&output.stderr).contains("has overflowed its stack"));
}

fn main() {
    match env::args().nth(1).as_deref() {
        Some("abort") => process::abort(),
        Some("overflow") => drop(thread::spawn(|| recurse(usize::MAX)).join()),
        Some("words") => println!("{:?} {:?}", env::args().skip(2).collect::<Vec<_>>(), env::vars().collect::<Vec<_>>()),
        _ => process::exit(run()),
    }
}

fn run() -> i32 {
    let mut failed = 0;
    for (name, check) in CHECKS {
        let place = env::temp_dir().join(format!("rust_std.{}.{name}", process::id()));
        fs::create_dir(&place).unwrap();
        let its_own = place.clone();
        let held = thread::Builder::new().name(name.into()).spawn(move || check(&its_own)).unwrap().join();
        println!("{name}: {}", if held.is_ok() { "holds" } else { "does not hold" });
        failed += i32::from(held.is_err());
        fs::remove_dir_all(&place).unwrap();
    }
    i32::from(failed > 0)
}
