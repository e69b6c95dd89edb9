//! Serves notes from a database, and copies them from other servers.

use std::sync::{Arc, Mutex};

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use clap::Parser;
use rusqlite::Connection;
use serde::{Deserialize, Serialize};

#[derive(Parser)]
struct Args {
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: String,
    #[arg(long, default_value = "notes.db")]
    database: String,
    /// Copy notes whose title matches from this server first
    #[arg(long)]
    copy_from: Option<String>,
    #[arg(long, default_value = ".*")]
    matching: String,
}

#[derive(Serialize, Deserialize, Clone)]
struct Note {
    title: String,
    text: String,
}

type Shared = Arc<Mutex<Connection>>;
type Failure = Box<dyn std::error::Error + Send + Sync>;

fn store(db: &Connection, note: &Note) -> rusqlite::Result<usize> {
    db.execute("INSERT OR REPLACE INTO note VALUES (?1, ?2)", (&note.title, &note.text))
}

async fn list(State(db): State<Shared>) -> Result<Json<Vec<Note>>, StatusCode> {
    let read = || -> rusqlite::Result<Vec<Note>> {
        let db = db.lock().expect("no holder panics");
        let mut query = db.prepare("SELECT title, text FROM note ORDER BY title")?;
        query.query_map([], |row| Ok(Note { title: row.get(0)?, text: row.get(1)? }))?.collect()
    };
    read().map(Json).map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)
}

async fn put(
    State(db): State<Shared>,
    Path(title): Path<String>,
    text: String,
) -> Result<StatusCode, StatusCode> {
    let db = db.lock().expect("no holder panics");
    store(&db, &Note { title, text }).map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    Ok(StatusCode::CREATED)
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let args = Args::parse();
    let db = Connection::open(&args.database)?;
    db.execute("CREATE TABLE IF NOT EXISTS note (title TEXT PRIMARY KEY, text TEXT)", ())?;
    if let Some(url) = &args.copy_from {
        let wanted = regex::Regex::new(&args.matching)?;
        let notes: Vec<Note> = reqwest::get(url).await?.json().await?;
        for note in notes.iter().filter(|n| wanted.is_match(&n.title)) {
            store(&db, note)?;
        }
    }
    let router = Router::new()
        .route("/notes", get(list))
        .route("/notes/{title}", get(list).put(put))
        .with_state(Arc::new(Mutex::new(db)));
    let listener = tokio::net::TcpListener::bind(&args.listen).await?;
    axum::serve(listener, router).await?;
    Ok(())
}
