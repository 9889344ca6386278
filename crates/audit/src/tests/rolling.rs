//! What must hold where one segment ends and the next begins, and when a recovery is cut short itself.

use super::*;

#[tokio::test]
async fn what_is_acknowledged_after_a_segment_could_not_quite_be_begun_survives_a_restart() {
    for op in [Op::Write, Op::Flush, Op::Rename, Op::FlushDir] {
        for first in [vec![b'a'; 1500], vec![b'a'; 20]] {
            let disk = SimDisk::default();
            let clock = clock();
            let (log, _) = AuditLog::open_on(
                Arc::new(disk.clone()),
                options(),
                clock.clone(),
                &SeededEntropy::new(7),
            )
            .unwrap();
            let large = vec![b'b'; 2500 - first.len()];
            if first.len() > 1000 {
                log.append(first).await.unwrap();
            }
            clock.advance(Duration::from_secs(1));
            let failing = switch(&disk, op, ErrorKind::TimedOut);
            // Too large for what is left of the first segment, while what comes after is small enough.
            log.append(large).await.unwrap_err();
            failing.store(false, Ordering::SeqCst);
            log.append(b"small".to_vec()).await.unwrap();
            log.append(vec![b'c'; 1500]).await.unwrap();
            drop(log);
            let before = payloads(&disk);
            assert!(before.iter().any(|payload| payload == "small"), "{op:?}");
            for disk in [disk.after_power_cut(1), disk] {
                let (_log, found) = open(&disk).unwrap();
                assert_eq!(found.next_sequence, before.len() as u64 + 1, "{op:?}");
                assert_eq!(payloads(&disk), before, "{op:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_restart_right_after_a_segment_could_not_quite_be_begun_loses_nothing() {
    let disk = SimDisk::default();
    let (log, _) = open(&disk).unwrap();
    log.append(vec![b'a'; 1500]).await.unwrap();
    let failing = switch(&disk, Op::FlushDir, ErrorKind::TimedOut);
    log.append(vec![b'b'; 1500]).await.unwrap_err();
    failing.store(false, Ordering::SeqCst);
    log.append(b"small".to_vec()).await.unwrap();
    drop(log);
    let (_log, found) = open(&disk).unwrap();
    assert_eq!(found.next_sequence, 3);
    assert_eq!(payloads(&disk)[1], "small");
}

#[tokio::test]
async fn what_was_set_aside_stays_when_something_else_is_torn_in_the_same_place() {
    let disk = SimDisk::default();
    drop(open(&disk).unwrap());
    for remains in [b"\0\0\0\x20torn!", b"\0\0\0\x20again"] {
        let mut bytes = disk.bytes("000000000001.log");
        bytes[128..128 + 9].copy_from_slice(remains);
        disk.plant("000000000001.log", bytes);
        let (_log, found) = open(&disk).unwrap();
        let torn = found.torn.unwrap();
        let name = torn.path.file_name().unwrap().to_str().unwrap().to_owned();
        assert_eq!(disk.bytes(&name), remains);
    }
    assert_eq!(disk.bytes("torn-000000000001-128"), b"\0\0\0\x20torn!");
}
