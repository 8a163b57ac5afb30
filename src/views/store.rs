//! The table `views`.

use std::collections::HashMap;

use sqlx::AnyPool;

/// All views that were ever saved.
pub(super) async fn total(pool: &AnyPool) -> Result<u64, sqlx::Error> {
    let total: i64 =
        sqlx::query_scalar("SELECT CAST(COALESCE(SUM(count), 0) AS BIGINT) FROM views")
            .fetch_one(pool)
            .await?;
    Ok(u64::try_from(total).unwrap_or(0))
}

/// Adds counted views, page by page: all of them or, after an error, none.
pub(super) async fn add(pool: &AnyPool, counted: &HashMap<String, i64>) -> Result<(), sqlx::Error> {
    let mut transaction = pool.begin().await?;
    for (page, count) in counted {
        sqlx::query(
            "INSERT INTO views (page, count) VALUES ($1, $2) \
             ON CONFLICT (page) DO UPDATE SET count = views.count + excluded.count",
        )
        .bind(page)
        .bind(count)
        .execute(&mut *transaction)
        .await?;
    }
    transaction.commit().await
}
