impl<T: Send> Store for Shop<T> {
    type Item = T;
    #[::breaker_box::__private::circuit_breaker(
        identifier = "shop.{fn}",
        registry = &self.registry,
        expiry = "10s"
    )]
    fn pay(&self, card: &str) -> Result<u32, PaymentError> {
        charge(card)
    }
    #[circuit_breaker(identifier = "own")]
    async fn refund(self) -> Option<T> {
        None
    }
    #[inline]
    fn name(&self) -> &str {
        &self.name
    }
    fn new() -> Self {
        Self
    }
}
