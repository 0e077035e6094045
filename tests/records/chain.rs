//! What the chain finds, and what it lets pass: erasures and purges that were made by the ledger.

use tower_consent::{
    ChainHead, ConsentStore, EntryBody, EntryPlace, FindingKind, LedgerBatch, LedgerEntry, MemoryStore, Records,
    Verification,
};

use crate::site::{DAY, Site, builder};

const KEY: [u8; 32] = [7; 32];

/// A site with so many records, and its store.
async fn recorded(count: usize) -> (Site, MemoryStore) {
    let store = MemoryStore::new();
    let site = Site::with(builder(), store.clone());
    for _ in 0..count {
        site.browser().post("/accept").await;
    }
    (site, store)
}

async fn entries(store: &MemoryStore) -> Vec<LedgerEntry> {
    let mut all = Vec::new();
    for (chain, _) in ConsentStore::chains(store).await.unwrap() {
        all.extend(store.entries_after(EntryPlace { chain, number: 0 }, 10_000).await.unwrap());
    }
    all
}

/// What is found in a store that holds these entries instead.
async fn verify(entries: Vec<LedgerEntry>, key: [u8; 32]) -> Verification {
    let store = MemoryStore::new();
    store.append(LedgerBatch::new(entries, Vec::new())).await.unwrap();
    Records::builder(store).chain_key(key).build().verify().await.unwrap()
}

fn kinds(verification: &Verification) -> Vec<(FindingKind, u64)> {
    verification.findings.iter().map(|finding| (finding.kind, finding.number)).collect()
}

type Alter = fn(&mut LedgerEntry);

/// The body with other data.
fn altered(body: &EntryBody, data: &[u8]) -> EntryBody {
    EntryBody::new(*body.salt(), body.record_id(), body.subject(), data).unwrap()
}

#[tokio::test]
async fn what_was_not_touched_is_intact() {
    let (_, store) = recorded(20).await;
    let verification = verify(entries(&store).await, KEY).await;
    assert!(verification.is_intact());
    assert_eq!((verification.chains, verification.entries, verification.erased), (1, 20, 0));
    assert!(verification.is_keyed);
}

#[tokio::test]
async fn every_byte_of_an_entry_counts() {
    let (_, store) = recorded(5).await;
    let original = entries(&store).await;
    let alterations: [(&str, Alter); 8] = [
        ("time", |entry| entry.time += 1),
        ("kind", |entry| entry.kind = tower_consent::EntryKind::Request),
        ("commitment", |entry| entry.commitment[31] ^= 1),
        ("link", |entry| entry.link[0] ^= 0x80),
        ("data", |entry| {
            let body = entry.body.as_ref().unwrap();
            let text = String::from_utf8(body.data().to_vec()).unwrap().replace("\"grant\"", "\"refuse\"");
            entry.body = Some(altered(body, text.as_bytes()));
        }),
        ("owner", |entry| {
            let body = entry.body.as_ref().unwrap();
            entry.body = Some(EntryBody::new(*body.salt(), None, body.subject(), body.data()).unwrap());
        }),
        ("subject", |entry| {
            let body = entry.body.as_ref().unwrap();
            entry.body = Some(EntryBody::new(*body.salt(), body.record_id(), Some("eve"), body.data()).unwrap());
        }),
        ("salt", |entry| {
            let body = entry.body.as_ref().unwrap();
            entry.body = Some(EntryBody::new([1; 32], body.record_id(), body.subject(), body.data()).unwrap());
        }),
    ];
    for place in 0..original.len() {
        for (what, alter) in &alterations {
            let mut entries = original.clone();
            alter(&mut entries[place]);
            let verification = verify(entries, KEY).await;
            let number = place as u64 + 1;
            assert!(
                verification.findings.iter().any(|finding| finding.number == number),
                "{what} of entry {number}: {:?}",
                verification.findings
            );
        }
    }
}

#[tokio::test]
async fn what_was_dropped_inserted_or_moved_is_found() {
    let (_, store) = recorded(6).await;
    let original = entries(&store).await;
    let mut dropped = original.clone();
    dropped.remove(2);
    assert_eq!(kinds(&verify(dropped, KEY).await), [(FindingKind::BrokenLink, 4)]);

    let mut first = original.clone();
    first.remove(0);
    assert_eq!(kinds(&verify(first, KEY).await), [(FindingKind::BrokenLink, 2)]);

    // Closed up, as if nothing had been there.
    let mut closed_up = original.clone();
    closed_up.remove(2);
    for (number, entry) in (1..).zip(&mut closed_up) {
        entry.place.number = number;
    }
    assert!(kinds(&verify(closed_up, KEY).await).contains(&(FindingKind::BrokenLink, 3)));

    // A whole record of another site's chain, in the place of one of ours.
    let (_, other) = recorded(6).await;
    let mut inserted = original.clone();
    inserted[3] = LedgerEntry::new(
        original[3].place,
        original[3].time,
        original[3].kind,
        entries(&other).await[3].commitment,
        entries(&other).await[3].link,
        entries(&other).await[3].body.clone(),
    );
    assert!(kinds(&verify(inserted, KEY).await).contains(&(FindingKind::BrokenLink, 4)));

    let mut swapped = original.clone();
    let (second, third) = (swapped[1].body.clone(), swapped[2].body.clone());
    (swapped[1].body, swapped[2].body) = (third, second);
    let found = kinds(&verify(swapped, KEY).await);
    assert_eq!(found, [(FindingKind::AlteredBody, 2), (FindingKind::AlteredBody, 3)]);

    let mut without_body = original.clone();
    without_body[4].body = None;
    assert_eq!(kinds(&verify(without_body, KEY).await), [(FindingKind::MissingBody, 5)]);
}

/// Whoever can write to the store, but does not know the key, cannot write the chain anew.
#[tokio::test]
async fn a_chain_of_another_key_is_found() {
    let (_, store) = recorded(3).await;
    let verification = verify(entries(&store).await, [8; 32]).await;
    assert_eq!(kinds(&verification), (1..=3).map(|number| (FindingKind::BrokenLink, number)).collect::<Vec<_>>());
    // A key that was replaced still verifies what it wrote.
    let records = Records::builder(store.clone()).chain_key([9; 32]).chain_key(KEY).build();
    assert!(records.verify().await.unwrap().is_intact());
}

/// The end of a chain can only be missed by who has kept its head.
#[tokio::test]
async fn a_lost_end_is_found_by_a_head_that_was_kept() {
    let (site, store) = recorded(6).await;
    let heads = site.records.heads().await.unwrap();
    let heads: Vec<ChainHead> = serde_json::from_str(&serde_json::to_string(&heads).unwrap()).unwrap();
    assert!(site.records.verify_since(&heads).await.unwrap().is_intact());
    site.browser().post("/accept").await;
    assert!(site.records.verify_since(&heads).await.unwrap().is_intact(), "a chain that went on is fine");

    let mut cut = entries(&store).await;
    cut.truncate(5);
    let rest = MemoryStore::new();
    rest.append(LedgerBatch::new(cut, Vec::new())).await.unwrap();
    let records = Records::builder(rest).chain_key(KEY).build();
    assert!(records.verify().await.unwrap().is_intact(), "the chain alone cannot find it");
    assert_eq!(kinds(&records.verify_since(&heads).await.unwrap()), [(FindingKind::LostHead, 6)]);
    let empty = Records::builder(MemoryStore::new()).chain_key(KEY).build();
    assert_eq!(kinds(&empty.verify_since(&heads).await.unwrap()), [(FindingKind::LostHead, 6)]);
}

#[tokio::test]
async fn after_an_erasure_the_chain_verifies_and_the_data_is_gone() {
    let (site, store) = recorded(4).await;
    let mut browser = site.browser();
    browser.post("/sign-in?who=user-17").await;
    browser.post("/accept").await;
    let owner = browser.record().unwrap();
    site.browser().post("/accept").await;
    let erased = site.rights.erase(&owner).await.unwrap();
    assert_eq!(erased.entries, 1);
    let verification = site.records.verify().await.unwrap();
    assert!(verification.is_intact(), "{:?}", verification.findings);
    assert_eq!(verification.erased, 1);
    assert!(site.records.proof(&owner).await.unwrap().is_empty());
    let all = entries(&store).await;
    assert!(all.iter().all(|entry| entry.body.as_ref().is_none_or(|body| body.subject().is_none())));
    // What was erased does not come back unseen.
    let (other, other_store) = recorded(1).await;
    drop(other);
    let stranger = entries(&other_store).await[0].body.clone();
    let mut returned = all;
    returned.iter_mut().filter(|entry| entry.body.is_none()).for_each(|entry| entry.body.clone_from(&stranger));
    let found = kinds(&verify(returned, KEY).await);
    assert!(found.iter().any(|(kind, _)| *kind == FindingKind::AlteredBody), "{found:?}");
}

#[tokio::test]
async fn each_process_writes_a_chain_of_its_own() {
    let (_, store) = recorded(3).await;
    let second = Site::with(builder(), store.clone());
    second.browser().post("/accept").await;
    let verification = second.records.verify().await.unwrap();
    assert!(verification.is_intact());
    assert_eq!((verification.chains, verification.entries), (2, 4));
}

/// A purge leaves a checkpoint that only the key can write.
#[tokio::test]
async fn a_forged_checkpoint_is_found() {
    let (site, store) = recorded(5).await;
    site.clock.advance(400 * DAY);
    site.browser().post("/accept").await;
    site.clock.advance(700 * DAY);
    assert_eq!(site.records.purge().await.unwrap(), 5, "the text was shown later, too");
    let verification = site.records.verify().await.unwrap();
    assert!(verification.is_intact());
    assert_eq!(verification.entries, 1);
    let (chain, checkpoint) = ConsentStore::chains(&store).await.unwrap()[0];
    let mut checkpoint = checkpoint.expect("a checkpoint");
    assert_eq!((checkpoint.place.chain, checkpoint.place.number), (chain, 5));
    // Somebody drops the last entry as well, and moves the checkpoint.
    checkpoint.place.number = 6;
    let day = time::Date::MIN;
    store.purge(tower_consent::LedgerPurge::new(vec![checkpoint], day, day)).await.unwrap();
    assert_eq!(kinds(&site.records.verify().await.unwrap()), [(FindingKind::ForgedCheckpoint, 6)]);
}
