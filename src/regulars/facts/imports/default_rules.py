"""The rules that an installation starts with. They are copied into the database, where the firm sees and edits them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from regulars.facts.models import ClassificationRule

CREDIT_WORDS: Final = (
    r"CREDIT|REFUND|RETURN|STORNO|GUTSCHRIFT|RECHNUNGSKORREKTUR|\bAVOIR\b|REMBOURSEMENT|NOTA DE CR[EÉ]DITO|ABONO|"
    r"DEVOLUCI|DEVOLU[CÇ]|REEMBOLSO|ESTORNO|वापसी|क्रेडिट|ফেরত|ক্রেডিট|کریڈٹ|واپسی|ใบลดหนี้|คืนเงิน"
)
"""A document whose kind says one of these takes money back, whatever the sign of its amounts."""

_CANCELLED = (
    r"CANCEL|VOID|DRAFT|DELETED|TRASH|FAILED|STORNIERT|ABGEBROCHEN|ENTWURF|GELÖSCHT|ANNUL|BROUILLON|ANULAD|BORRADOR|"
    r"CANCELAD|RASCUNHO|रद्द|मस्यौदा|ড্রাফট|বাতিল|খসড়া|منسوخ|مسودہ|ยกเลิก|ฉบับร่าง"
)
_NO_INVOICE = (
    r"QUOT|ESTIMATE|PRO.?FORMA|ANGEBOT|KOSTENVORANSCHLAG|\bDEVIS\b|PRESUPUESTO|COTIZACI|OR[CÇ]AMENTO|"
    r"^(PAYMENT|DEPOSIT|TRANSFER|ZAHLUNG|PAIEMENT|PAGO|PAGAMENTO)|JOURNAL|कोटेशन|ใบเสนอราคา"
)
_CARRIAGE = (
    r"POSTAGE|POSTAL CHARGES?|SHIPPING|FREIGHT|DELIVERY|CARRIAGE|P ?& ?P|PORTO|VERSAND|VERSANDKOSTEN|VERSANDSPESEN|"
    r"FRACHT|FRACHTKOSTEN|LIEFERKOSTEN|FRAIS DE (?:PORT|LIVRAISON|TRANSPORT)|FRAIS D['’]EXP[EÉ]DITION|LIVRAISON|"
    r"(?:GASTOS DE )?ENV[IÍ]O|GASTOS DE TRANSPORTE|FLETE|PORTES|FRETE|(?:CUSTOS? DE )?ENVIO|ढुवानी|डाक खर्च|शिपिंग|"
    r"डिलिवरी|ডেলিভারি|শিপিং|পরিবহন খরচ|شپنگ|ڈیلیوری|ترسیل|ค่าจัดส่ง|ค่าขนส่ง"
)
_ABOUT_CARRIAGE = (
    r"FREE|STANDARD|EXPRESS|ECONOMY|NEXT|SAME|DAY|PRIORITY|OVERNIGHT|GROUND|AIR|SEA|INTERNATIONAL|DOMESTIC|INSURED|FLAT|"
    r"RATE|DHL|UPS|FEDEX|DPD|GLS|HERMES|TNT|USPS|ROYAL|MAIL|POST|DEUTSCHE|CORREOS|COLISSIMO|DOTCOM|HANDLING|PACKING|"
    r"PACKAGING|INSURANCE|SURCHARGE|CHARGES?|COSTS?|FEES?|AND|UND|ET|Y|E|VERPACKUNG|EMBALLAGE|EMBALAJE|EMBALAGEM|INLAND|"
    r"AUSLAND|NACIONAL|INTERNACIONAL|EXPR[EÉ]S|चार्ज|শুল্ক|চার্জ|খরচ|چارجز|[0-9.,]+ ?(?:KG)?"
)
_FEES = (
    rf"^\W*(?:(?:{_ABOUT_CARRIAGE})\W+)*(?:{_CARRIAGE})(?:\W+(?:{_ABOUT_CARRIAGE}|{_CARRIAGE}))*\W*$|"
    r"^\W*(?:HANDLING|SERVICE|PAYMENT|PAYPAL|TRANSACTION|BANK|COD)\W+(?:FEES?|CHARGES?)\W*$"
)
_DISCOUNTS = (
    r"^\W*(?:(?:ORDER|COUPON|VOUCHER|PROMO(?:TION(?:AL)?)?|LOYALTY|CASH)\W+)?"
    r"(?:DISCOUNTS?|RABATT|SKONTO|NACHLASS|REMISE|RISTOURNE|RABAIS|DESCUENTO|DESCONTO|REBATE|छूट|ছাড়|رعایت|ส่วนลด)\b[^A-Z]*$"
)
_VOUCHERS = (
    r"(?:GIFT[ -]?(?:CARD|VOUCHER|CERTIFICATE)S?|(?:GESCHENK|WERT)?GUTSCHEIN|GESCHENKKARTE|CARTE[ -]CADEAU|"
    r"CH[EÈ]QUE[ -]CADEAU|TARJETA (?:DE )?REGALO|VALE[ -]PRESENTE|CART[AÃ]O[ -]PRESENTE)[^A-Z]*$"
)
_TESTS = r"^\W*(?:THIS IS A )?TEST(?:[ -]?(?:ORDER|PRODUCT|ITEM|ARTICLE|ARTIKEL|PRODUKT|BESTELLUNG|LINE|SKU))?[\W0-9]*$"
_TEST_CUSTOMERS = r"^TEST[\W0-9]*$|^TEST (?:CUSTOMER|ACCOUNT|KUNDE|CLIENT|CLIENTE|USER)\W*$"

_Test = ClassificationRule.Test
_Kind = ClassificationRule.Kind
_UCI = "uci_online_retail"


@dataclass(frozen=True)
class DefaultRule:
    """A rule to start with; `name` is translated when it is copied."""

    name: str
    field: str
    test: str
    pattern: str
    kind: str
    source: str = ""

    def record(self, position: int) -> ClassificationRule:
        """The rule as a record that is not saved yet."""
        return ClassificationRule(
            position=position,
            name=gettext(self.name),
            field=self.field,
            test=self.test,
            pattern=self.pattern,
            kind=self.kind,
            source=self.source,
        )


DEFAULT_RULES: Final = (
    # One data set that ships with Regulars and uses codes of its own.
    DefaultRule(_("Bad debt written off"), "order_id", _Test.STARTS_WITH, "A", _Kind.OTHER, _UCI),
    DefaultRule(_("Postage and carriage codes"), "product", _Test.EQUALS, "POST, DOT, C2, C3", _Kind.FEE, _UCI),
    DefaultRule(_("Manual entries"), "product", _Test.EQUALS, "M", _Kind.OTHER, _UCI),
    DefaultRule(_("Adjustments"), "product", _Test.EQUALS, "ADJUST, ADJUST2, B", _Kind.OTHER, _UCI),
    DefaultRule(
        _("Charges of bank, marketplace, charity"),
        *("product", _Test.EQUALS, "BANK CHARGES, AMAZONFEE, CRUK", _Kind.OTHER, _UCI),
    ),
    DefaultRule(_("Samples"), "product", _Test.EQUALS, "S", _Kind.OTHER, _UCI),
    DefaultRule(_("Discount lines"), "product", _Test.EQUALS, "D", _Kind.OTHER, _UCI),
    DefaultRule(_("Test products"), "product", _Test.STARTS_WITH, "TEST", _Kind.OTHER, _UCI),
    DefaultRule(_("Gift vouchers"), "product", _Test.STARTS_WITH, "GIFT", _Kind.OTHER, _UCI),
    DefaultRule(_("Cancelled invoices"), "order_id", _Test.STARTS_WITH, "C", _Kind.RETURN, _UCI),
    # Every other history.
    DefaultRule(_("Cancelled, void or draft"), "status", _Test.MATCHES, _CANCELLED, _Kind.OTHER),
    DefaultRule(_("Quotations and payments"), "document", _Test.MATCHES, _NO_INVOICE, _Kind.OTHER),
    DefaultRule(_("Test products"), "product", _Test.MATCHES, _TESTS, _Kind.OTHER),
    DefaultRule(_("Test products by name"), "product_name", _Test.MATCHES, _TESTS, _Kind.OTHER),
    DefaultRule(_("Test customers"), "account_name", _Test.MATCHES, _TEST_CUSTOMERS, _Kind.OTHER),
    DefaultRule(_("Test addresses"), "account_email", _Test.MATCHES, r"@EXAMPLE\.(COM|ORG|NET)$", _Kind.OTHER),
    DefaultRule(_("Postage, shipping and other fees"), "product_without_category", _Test.MATCHES, _FEES, _Kind.FEE),
    DefaultRule(_("Discount lines"), "product_without_category", _Test.MATCHES, _DISCOUNTS, _Kind.OTHER),
    DefaultRule(_("Gift vouchers"), "product_without_category", _Test.MATCHES, _VOUCHERS, _Kind.OTHER),
    DefaultRule(_("Credit notes and refunds"), "document", _Test.MATCHES, CREDIT_WORDS, _Kind.RETURN),
    DefaultRule(_("Stock written off"), "quantity_without_amount", _Test.NEGATIVE, "", _Kind.OTHER),
    DefaultRule(_("Returned quantity"), "quantity", _Test.NEGATIVE, "", _Kind.RETURN),
    DefaultRule(_("Deduction without a product"), "amount_without_product", _Test.NEGATIVE, "", _Kind.OTHER),
    DefaultRule(_("Negative amount"), "net_amount", _Test.NEGATIVE, "", _Kind.RETURN),
)
"""In their sequence: what a line is by its product comes before what was done with it, so that a cancelled postage is
not taken for returned goods."""
