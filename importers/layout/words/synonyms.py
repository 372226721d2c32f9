"""What sources call the columns that we know, in English, Polish, Spanish, Russian, German and French.

Those of sales are known in Czech as well. Names are written as they are compared: small letters, words parted by one
space, no punctuation (`spoken`). What begins with ``~`` may be said of another field as well.
"""

import re
import unicodedata
from collections.abc import Mapping
from functools import cache

_SALES = {
    "document_number": """document number|document no|document|doc no|invoice|invoice no|invoice number
        |invoice nr|inv no
        |invoice id|invoice ref|number|~sales order number|~order number|~order no|~order id|~id order
        |transaction number|trans no
        |transaction no|receipt no|nr faktury|numer faktury|faktura|faktura nr|nr fv|nr dokumentu
        |numer dokumentu|dokument|nr dok|~nr zamówienia|n factura|no factura|num factura|número de factura
        |nro factura|factura|número|documento|n documento|número de documento|номер накладной|номер счета
        |номер счёта|накладная|номер документа|документ|счет фактура|номер|№ накладной|№ документа|№ счета|№
        |rechnungsnr|rechnungsnummer|rechnung nr|rechnung|belegnr|belegnummer|beleg|dokumentnummer
        |~auftragsnummer|n facture|no facture|num facture|numéro de facture|facture|numéro facture
        |n de facture|pièce|n pièce|numéro de pièce|document n|fv|numer fv|faktura vat|dokument sprzedaży
        |dowód sprzedaży|nr dowodu|re nr|rg nr|rechn nr|bill no|bill number|sales doc|sales document|n fra|nº fra
        |fra|albarán|comprobante|folio|№ док|номер док|документ реализации|документ продажи|упд|billing document
        |billing doc|регистратор|документ движения|документ регистратор|num
        |doc num|№ упд|№ с ф|№ реализации|номер реализации|№ чека|fakturanr|fakturanummer
        |faktura sprzedaży|numer pełny|~symbol dokumentu|rachunek|~nr rachunku|paragon|nr paragonu|numer paragonu
        |inv|inv nbr|~voucher|~voucher no|~reference no|~ref no|~txn no|bill|sales invoice|~vorgangsnummer|fakturabeleg
        |verkaufsbeleg|~ticket|~n ticket|номер с ф|чек|číslo faktury|číslo dokladu|doklad|faktura č|č faktury
        |č dokladu|~variabilní symbol|~sygnatura|~id zamówienia
        |numero fattura|n fattura|nr fattura|num fattura|fattura|fattura n|numero documento|nr documento
        |num documento|numero doc|n doc""",
    "issued_on": """date|invoice date|inv date|issue date|issued|issued on|document date|doc date|sale date
        |date of sale
        |sales date|order date|posting date|posted date|transaction date|data|data sprzedaży|data faktury
        |data wystawienia|data dokumentu|data transakcji|dzień|fecha|fecha factura|fecha de factura
        |fecha de venta|fecha documento|fecha emisión|дата|дата продажи|дата накладной|дата документа
        |дата счета|дата отгрузки|datum|rechnungsdatum|belegdatum|verkaufsdatum|lieferdatum|date facture
        |date de facture|date de vente|date document|date pièce
        |datum vystavení|datum faktury|datum prodeje|datum dokladu
        |data fattura|data documento|data doc|data emissione|data vendita|data di vendita""",
    "distributor": """distributor|distributor code|distributor id|distributor no|dealer|dealer code|dealer id|reseller
        |reseller code|reseller key|customer|customer id|customer code|customer no|customer number|cust no
        |client|client id|client code|account|account no|buyer|partner|partner code|store|shop|company
        |odbiorca|kod odbiorcy|nabywca|kupujący|kod nabywcy|kontrahent|kod kontrahenta|nr kontrahenta|klient
        |kod klienta|nr klienta|dystrybutor|kod dystrybutora|hurtownia|cliente|código cliente|cód cliente
        |cod cliente|n cliente|distribuidor|comprador|контрагент|клиент|покупатель|код клиента
        |код контрагента|получатель|дистрибьютор|дилер|партнер|партнёр|kunde|kundennr|kundennummer|kunden nr|kd nr|kdnr
        |käufer|händler|händlernummer|debitor|debitorennr|code client|n client|distributeur|revendeur
        |acheteur|compte client|płatnik|auftraggeber|abnehmer|warenempfänger|regulierer|sold to|bill to|ship to
        |retailer|code tiers|enseigne|заказчик|плательщик|грузополучатель|sold to party
        |ship to party|bill to party
        |akronim|akronim kontrahenta|id klienta|identyfikator klienta|nr odbiorcy|kod płatnika|kod partnera
        |account number|cust code|код покупателя|код партнера|id клиента|номер клиента
        |nr nabywcy|symbol kontrahenta|symbol odbiorcy|~kod sklepu|kod apteki|partner handlowy|kod hurtowni
        |cust|customer acct|acct|a c|a c ref|account ref|account reference|bill to customer|bill to customer no
        |sell to customer|sell to customer no|payer|buyer id|store no|store code|kunden id|kundencode|deb nr
        |rechnungsempfänger|geschäftspartner|clave cliente|~cuenta|cuenta cliente|destinatario|num client|réf client
        |code revendeur|odběratel|zákazník|kód zákazníka|číslo zákazníka|č zákazníka|kód odběratele
        |číslo odběratele
        |codice cliente|cod cli|rivenditore|distributore|codice distributore|codice rivenditore""",
    "distributor_name": """party name|customer name|client name|distributor name|dealer name|reseller name|company name
        |account name
        |nazwa odbiorcy|nazwa kontrahenta|nazwa klienta|nazwa nabywcy|nombre cliente|nombre del cliente
        |razón social|название клиента|наименование клиента|наименование контрагента|kundenname
        |name des kunden|firma|firmenname|nom client|nom du client|raison sociale|nazwa firmy|nazwa dystrybutora
        |nazwa płatnika|nombre comercial|наименование покупателя|наименование заказчика|название покупателя
        |intitulé client|billing name
        |bill to name|sold to name|ship to name
        |název zákazníka|jméno zákazníka|název odběratele
        |ragione sociale|nome cliente|denominazione cliente|intestatario""",
    "product": """~product|product code|product id|product no|product key|sku|~item|item code|item no|item number
        |~article|article no|part no|part number|stock code|~material|material no|code|kod towaru|kod produktu
        |kod|symbol|indeks|symbol towaru|indeks towaru|kod artykułu|nr artykułu|nr katalogowy|~towar|~produkt
        |cód artículo|código artículo|cod artículo|código de artículo|código producto|cód producto|código
        |referencia|ref|ref artículo|артикул|код товара|код|код номенклатуры|~товар|artikelnr|artikelnummer
        |artikel nr|~artikel|art nr|materialnummer|produktnummer|bestellnummer|réf|référence|réf article
        |code article|code produit|~article|réference produit|code|~producto|~artículo|~produit|indeks handlowy
        |indeks materiałowy|indeks produktu|kod kat|kod katalogowy|kod ean|kod wyrobu|symbol produktu|symbol wyrobu
        |kod asortymentu|nr towaru|numer towaru|produktcode|artikelcode|sachnummer|~ean|~ean code|~gtin|~style
        |catalog no|catalogue no|catalog number|~upc|~barcode|stock no|stock number|~model|mat no|product ref
        |product reference|cód art|cod art|~código de barras|cód|código ref|réf produit|~gencod|артикул товара
        |номенклатурный номер|код тмц
        |арт|~штрихкод|каталожный номер|код изделия|номенклатурный код
        |teilenummer|номенклатура артикул|номенклатура код
        |indeks katalogowy|kod własny|kod sku|~kod kreskowy|nr produktu|nr materiału|item id|product sku|model no
        |bestell nr|teilenr|teile nr|sach nr|referencia artículo|~cód barras|~ean13|~ean 13|~clave|~штрих код
        |код продукции|id товара|kód|kód zboží|kód produktu|číslo zboží|číslo produktu|katalogové číslo|kat číslo
        |~zboží
        |codice articolo|cod articolo|codice prodotto|cod prodotto|codice art|codice|~prodotto|~articolo""",
    "product_name": """product name|~product|~item|~article|~towar|~produkt
        |~товар|~artikel|~producto|~artículo|~produit|item name|item description|description|product description|name
        |goods|nazwa towaru
        |nazwa produktu|nazwa|nazwa artykułu|opis|opis towaru|asortyment|descripción|descripción artículo
        |nombre producto|nombre|concepto|denominación|denominación artículo
        |номенклатура|наименование|наименование товара|название
        |название товара|описание|bezeichnung|artikelbezeichnung|beschreibung|artikelname|produktname
        |désignation|libellé|libellé article|nom produit|product desc|item desc|libellé produit|produktbezeichnung
        |materialkurztext|kurztext|artikeltext|nazwa wyrobu|nazwa asortymentu|nombre artículo|наименование изделия
        |material description|artikelbez|desc artículo|номенклатура наименование
        |název|název zboží|název produktu|~zboží
        |~articolo|~prodotto|descrizione|descrizione articolo|descrizione prodotto|nome prodotto|denominazione""",
    "quantity": """quantity|product quantity|item quantity|net qty|net quantity|qty net|net units
        |qty|qnty|quant|units|pieces|pcs|units sold|qty sold|volume|count|ilość|ilość szt|szt|sztuk
        |ilosc|liczba|liczba sztuk|cantidad|cant|unidades|uds|кол во|количество|кол|шт|menge|anzahl|stück
        |stk|absatz|qté|quantité|qte|nb|nb unités|unités|stückzahl|anz|absatzmenge|verkaufsmenge|fakt menge
        |fakturierte menge|liefermenge|gelieferte menge|qty shipped|invoiced qty|sales qty|shipped qty|units shipped
        |ilość sprzedana|ilość wydana|il
        |sprzedaż szt|cdad|unid|piezas|uds vendidas|unidades vendidas|qté facturée|qté vendue|quantité facturée
        |quantité vendue|отгружено|продано|кол во шт|количество шт|billed quantity|billed qty
        |qty inv|qty invoiced|invoiced quantity
        |quantity invoiced|quantity sold|sales quantity|sales units|menge in me|cantidad vendida
        |unidades facturadas|cantidad facturada
        |sprzedaż ilościowa|ilość na fakturze|ilość zafakturowana|obrót ilościowy|~sales volume
        |no of units|number of units|verk menge|rechnungsmenge|cant servida|cantidad servida|núm uds|продажи шт|штук
        |объем продаж шт|qté livrée|quantité livrée|nbre|množství|počet|počet ks|ks|kusů|množství ks
        |prodané množství
        |quantità|q tà|qtà|qta|q ta|pezzi|pz|quantità venduta|quantità fatturata|qtà venduta|pezzi venduti""",
    "unit_price": """unit price|price|price per unit|net price|unit net price|price each|rate|cena|cena netto|cena jedn
        |cena jednostkowa|cena jedn netto|cena jednostkowa netto|cena szt|precio|precio unit|precio unitario
        |p unit|цена|цена за ед|цена за единицу|цена без ндс|einzelpreis|preis|stückpreis|e preis|nettopreis
        |preis netto|pu ht|pu|prix|prix unitaire|prix unit|prix unitaire ht|p u ht|vk preis|verkaufspreis|p v p
        |precio de venta|pu net|selling price|sales price|prix de vente|cena sprzedaży|cena sprzedaży netto
        |цена продажи|ep|ep netto|netto ep
        |vk|vk netto|цена реализации|цена отпускная|отпускная цена
        |unit net|price per pc|einzelpreis netto|preis einheit|preis je einheit|p neto|cena za mj|cena mj|cena za ks
        |cena ks|cena bez dph|jedn cena|jednotková cena
        |prezzo|prezzo unitario|prezzo unit|prezzo netto|prezzo di vendita|prezzo unitario netto""",
    "net_amount": """net amount|amount|net|net value|value|line total|line amount|total|ext price|extended price
        |net total|amount lcy|net amount lcy|line amount lcy|sales amount lcy
        |sales amount|sales|revenue|turnover|invoice net line amount|wartość|wartość netto|kwota
        |kwota netto|netto|suma netto|obrót|sprzedaż netto|importe|importe neto|neto|base imponible
        |total neto|valor|сумма|сумма без ндс|стоимость|сумма продажи|выручка|gesamt netto|gp netto|gesamt
        |gesamtpreis|betrag|nettobetrag|netto|nettowert|umsatz|wert|summe netto|total ht|montant|montant ht
        |montant net|total net|ca ht|wartość sprzedaży|wartość sprzedaży netto|sprzedaż wartościowo|sprzedaż zł
        |obrót netto|~suma|~razem|razem netto|nettoumsatz|positionswert|betrag netto|netto betrag|warenwert
        |~gesamtbetrag|~summe|~gp|zeilenbetrag|~extended|extended amount|~extension|net sales|~total price|~amt
        |sales value|~total amount|~subtotal|venta neta|~ventas|ventas netas|~monto|valor neto|net ht
        |chiffre d affaires|valeur ht
        |стоимость без ндс|~итого|~всего|сумма реализации|~оборот|сумма продаж
        |amount excl vat|amount excluding vat|total excl vat|total excl tax|amount excl tax|importe sin iva
        |total sin iva|выручка без ндс|kwota bez vat|betrag ohne mwst
        |przychód|przychód netto|należność netto|wartość bez vat|net revenue|line net|ext amt|ext net|sales revenue
        |goods value|goods amount|net price total|ges preis|pos wert|positionsbetrag|zeilensumme|warenwert netto|erlös
        |erlöse|rechnungsbetrag netto|~base|facturación|~продажи|~продажи руб|продажи без ндс|всего без ндс
        |итого без ндс|mt ht|~ca|ca net|částka|částka bez dph|celkem bez dph|~cena celkem|cena celkem bez dph|základ
        |základ dph|hodnota|hodnota bez dph|tržba|prodej bez dph
        |importo|importo netto|imponibile|totale imponibile|importo imponibile|valore|valore netto|totale netto
        |fatturato|fatturato netto|totale riga|importo riga|importo senza iva|totale senza iva|~totale|~venduto""",
    "gross_amount": """gross amount|gross|gross value|total incl vat|amount incl vat|wartość brutto|brutto|kwota brutto
        |importe bruto|bruto|total con iva|сумма с ндс|gesamt brutto|brutto|bruttobetrag|total ttc
        |montant ttc
        |amount including vat|total incl tax|total including tax|amount incl tax|brutto betrag|bruttowert
        |importe con iva|стоимость с ндс|всего с ндс|kwota z vat
        |částka s dph|celkem s dph|cena celkem s dph|hodnota s dph
        |importo lordo|totale lordo|lordo|totale ivato|importo ivato|importo con iva|totale con iva""",
    "document_total": """document total|invoice total|total of invoice|suma faktury|wartość faktury|razem faktura
        |total factura|сумма накладной|сумма документа|rechnungsbetrag|rechnungssumme|total facture
        |totale fattura|totale documento""",
    "corrects": """corrects|corrects invoice|koryguje fakturę|dotyczy faktury|nr faktury korygowanej
        |corrected document|corrected invoice|original invoice|koryguje|do faktury
        |faktura korygowana|rectifica|factura rectificada|исправляемый документ|korrigiert|ursprungsrechnung
        |facture d origine|facture corrigée
        |fattura rettificata|documento rettificato|fattura di riferimento""",
    "seller_tax_id": """seller tax id|seller vat id|nip sprzedawcy|cif vendedor|инн продавца
        |~vat registration num|~tax id|~vat id|~nip|~cif|~nif|~инн|~ust id|~ustid|~steuernummer|~n tva|~numéro de tva
        |~siret""",
    "person": """person|salesperson|sales person|sales rep|employee|seller|handlowiec|sprzedawca|pracownik
        |przedstawiciel|vendedor|comercial|empleado|менеджер|продавец|сотрудник|verkäufer|vertreter
        |mitarbeiter|vendeur|commercial
        |agente|venditore""",
    "outlet": """outlet|branch|location|point of sale|oddział|punkt sprzedaży|sklep|placówka|sucursal|tienda|филиал
        |торговая точка|магазин|filiale|niederlassung|standort|agence|magasin|point de vente
        |punto vendita|negozio""",
    "channel": """channel|sales channel|kanał|kanał sprzedaży|canal|canal de venta|канал|канал продаж|kanal
        |vertriebskanal|canal de vente
        |canale|canale di vendita""",
    "discounted": """discounted|promo|promotion|promocja|rabat|przecena|descuento|oferta|скидка|акция|rabattiert|aktion
        |remise""",
    "country": "country|kraj|país|страна|land|pays|paese|nazione",
    "line_number": """line|line no|line number|lp|l p|poz|pozycja|línea|строка|№ п п|п п|pos|position|zeile
        |ligne|n ligne""",
}
_DISTRIBUTORS = {
    "code": _SALES["distributor"] + "|code|id|number|kod|nr|código|код|nummer|numéro|n",
    "name": _SALES["distributor_name"] + "|name|nazwa|nombre|название|наименование|nom",
    "group": """group|customer group|segment|type|business type|grupa|typ|segmento|grupo|tipo|группа|тип|gruppe
        |kundengruppe|groupe|type de client""",
    "head_office": """head office|headquarters|head office code|hq|parent|parent company|parent code|parent account
        |belongs to|centrala|kod centrali|siedziba główna|jednostka nadrzędna|central|sede central|oficina central
        |casa matriz|código central|головной офис|головная организация|код головного офиса|центральный офис|zentrale
        |hauptsitz|hauptniederlassung|stammhaus|siège|siège social|maison mère|code siège""",
    "tier": "tier|level|status|poziom|nivel|уровень|stufe|niveau",
    "tax_id": _SALES["seller_tax_id"].replace("~", "") + "|vat number|tax number|regon|identyfikator podatkowy",
    "group_from": """group from|in this group from|in group since|moved on|grupa od|w tej grupie od|w grupie od
        |grupo desde|en este grupo desde|группа с|в этой группе с""",
    "tax_status": "tax status|status podatkowy|estado fiscal|налоговый статус|steuerstatus|statut fiscal",
    "city": "city|town|miasto|miejscowość|ciudad|población|город|stadt|ort|ville",
    "region": "region|state|province|state province|województwo|provincia|región|регион|область|bundesland|région",
    "country": _SALES["country"],
    "birthday": """birthday|birthday of the owner|date of birth|urodziny|data urodzenia|cumpleaños|fecha de nacimiento
        |день рождения|дата рождения|geburtstag|geburtsdatum|anniversaire|date de naissance""",
    "enrolled_on": """enrolled on|enrolled|enrolment date|enrollment date|joined|joined on|in the programme since
        |member since|participant since|partner since|w programie od|data przystąpienia|data dołączenia|uczestnik od
        |en el programa desde|fecha de alta|miembro desde|в программе с|дата вступления|участник с|teilnehmer seit
        |beitrittsdatum|im programm seit|membre depuis|date d'adhésion|inscrit le""",
}
_PRODUCTS = {
    "code": _SALES["product"],
    "name": _SALES["product_name"],
    "group": """group|category|product group|sub category|subcategory|family|grupa|kategoria|grupa towarowa|grupo
        |categoría|familia|группа|категория|gruppe|warengruppe|kategorie|groupe|catégorie|famille""",
    "group_from": """group from|in this group from|in group since|moved on|grupa od|w tej grupie od|w grupie od
        |grupo desde|en este grupo desde|группа с|в этой группе с""",
    "parent_group": """parent group|parent category|department|line|dział|linia|departamento|отдел|hauptgruppe
        |département""",
    "ean": """ean|ean 13|ean13|gtin|barcode|bar code|kod ean|kod kreskowy|código de barras|штрихкод|штрих код
        |strichcode|code barres""",
}
_OTHERS = {
    "people": {
        "distributor": _SALES["distributor"],
        "email": "email|e mail|mail|adres e mail|correo|correo electrónico|почта|эл почта|courriel|adresse e mail",
        "name": "name|full name|imię i nazwisko|osoba|nazwisko|nombre|persona|имя|фио|nom|person",
        "role": "role|rola|stanowisko|rol|puesto|роль|должность|rolle|funktion|rôle|fonction",
    },
    "cards": {
        "distributor": _SALES["distributor"],
        "token": "token|card token|card id|id karty|token karty|id tarjeta|токен|karten id|id carte",
        "last4": "last4|last 4|last four|last digits|końcówka|ostatnie 4|últimos 4|последние 4|letzte 4|derniers 4",
    },
    "statements": {
        "reference": """reference|external id|external reference|our reference|client reference|order reference
            |customer reference|referencja|nr referencyjny|numer referencyjny|identyfikator zewnętrzny|referencia
            |referencia externa|id externo|референс|внешний номер|номер операции клиента|referenz|référence""",
        "booked_on": """booking date|booked on|booked|date|posting date|posted|value date|load date|transaction date
            |data księgowania|data operacji|data zasilenia|data|fecha|fecha contable|fecha de operación|дата
            |дата проводки|дата операции|buchungsdatum|datum|date de comptabilisation""",
        "amount": """amount|load amount|transaction amount|booked amount|kwota|kwota operacji|kwota zasilenia|importe
            |importe de la operación|сумма|сумма операции|betrag|montant""",
        "currency": "currency|ccy|waluta|moneda|divisa|валюта|währung|devise",
        "token": "token|card token|card id|proxy|proxy number|id karty|token karty|id tarjeta|токен|karten id|id carte",
        "last4": """last4|last 4|last four|last digits|card|card number|końcówka|ostatnie 4|nr karty|últimos 4|tarjeta
            |последние 4|карта|letzte 4|derniers 4""",
        "kind": """type|transaction type|operation|kind|booking type|rodzaj|typ operacji|rodzaj operacji|tipo
            |tipo de operación|operación|вид|тип операции|buchungsart|type d opération""",
        "booking": """transaction id|transaction number|booking id|booking number|id operacji|numer operacji
            |nr transakcji|id de operación|número de operación|номер операции|номер транзакции|transaktions id
            |buchungsnummer|id de transaction""",
    },
    "deliveries": {
        "document_number": _SALES["document_number"]
        + """|delivery note|delivery note no|delivery note number|delivery|delivery no|delivery number|despatch note
            |dispatch note|packing slip|wz|nr wz|numer wz|wz nr|dokument wz|nr dokumentu wz|numer dokumentu wz|dowód wz
            |nr dostawy|numer dostawy|albarán|n albarán|no albarán|nº albarán|num albarán|número de albarán|накладная
            |номер накладной|ттн|номер ттн|№ ттн|lieferschein|lieferschein nr|lieferscheinnr|lieferscheinnummer|ls nr
            |bon de livraison|n bon de livraison|n bl|dodací list|číslo dodacího listu""",
        "issued_on": _SALES["issued_on"]
        + """|delivered on|delivery date|data dostawy|data wydania|data wz|fecha de entrega|fecha albarán
            |fecha del albarán|дата поставки|lieferdatum|lieferscheindatum|date de livraison|datum dodání""",
        "distributor": _SALES["distributor"],
        "product": _SALES["product"],
        "quantity": _SALES["quantity"],
    },
    "rates": {
        "product_group": """product group|grupa towarowa|grupa produktów|grupo de productos|группа товаров|warengruppe
            |groupe""",
        "distributor_group": """distributor group|customer group|grupa klientów|grupo de clientes
            |группа клиентов|kundengruppe""",
        "points": "points|rate|punkty|stawka|puntos|баллы|punkte|points",
        "matrix": "matrix|rule|macierz|reguła|regla|правило|regel|règle",
    },
    "targets": {
        "distributor": _SALES["distributor"],
        "target": "target|goal|plan|quota|cel|plan sprzedaży|objetivo|meta|cuota|план|цель|ziel|planwert|objectif",
        "promotion": "promotion|campaign|promocja|akcja|promoción|campaña|акция|aktion|kampagne",
    },
    "rewards": {
        "code": "code|reward code|id|number|sku|kod|kod nagrody|código|код|артикул|nummer|numéro",
        "name": "name|reward|reward name|nazwa|nagroda|nombre|premio|название|награда|приз|prämie|récompense|nom",
        "points": "points|price in points|points price|punkty|cena w punktach|puntos|баллы|punkte",
        "category": "category|kategoria|categoría|категория|kategorie|catégorie",
        "description": "description|opis|descripción|описание|beschreibung",
        "family": "family|reward family|model|rodzina|familia|modelo|семейство|модель|familie|modell|famille|modèle",
        "variant": """variant|size|colour|color|size and colour|wariant|rozmiar|kolor|rozmiar i kolor|variante
            |talla|вариант|размер|цвет|größe|farbe|taille|couleur""",
        "cost": "cost|unit cost|koszt|coste|costo|себестоимость|kosten|coût",
        "cash_points": "points beside money|punkty obok pieniędzy|puntos además del dinero|баллы помимо денег",
        "cash": "money beside points|pieniądze obok punktów|dinero además de los puntos|деньги помимо баллов",
        "stock": "stock|in stock|stan|stan magazynowy|existencias|остаток|bestand",
        "per_person": "per person|limit|limit na osobę|por persona|на человека|pro person|par personne",
        "from": "from|valid from|od|ważne od|desde|с|ab|von|à partir de",
        "until": "until|valid until|do|ważne do|hasta|до|bis|jusque",
        "kind": "kind|rodzaj|tipo|вид",
        "season_points": "season points|points in season|punkty w sezonie|puntos de temporada|баллы в сезон",
        "season_from": "season from|sezon od|temporada desde|сезон с",
        "season_until": "season until|sezon do|temporada hasta|сезон до",
        "seasons": "seasons|all seasons|sezony|temporadas|сезоны",
        "price": "price|by hand or computed",
        "offered": "offered|w ofercie|ofrecido|предлагается",
        "supplier": "supplier|dostawca|proveedor|поставщик|lieferant|fournisseur",
        "groups": "groups|for the groups|dla grup|grupos|для групп",
        "tiers": "tiers|for the tiers|dla poziomów|niveles|для уровней",
        "discount": "discount|discount in per cent|rabat|descuento|скидка|rabatt|remise",
        "product_group": "product group|grupa produktów|grupo de productos|группа товаров",
    },
    "vouchers": {
        "reward": """reward|reward code|voucher|nagroda|kod nagrody|premio|código premio|награда|код награды|prämie
            |récompense""",
        "code": "code|voucher code|kod|kod bonu|código|код|gutscheincode",
        "until": "until|valid until|expires|ważne do|caduca|до|gültig bis",
    },
    "shipments": {
        "order": """order|order number|order no|zamówienie|nr zamówienia|numer zamówienia|pedido|número pedido
            |número de pedido|заказ|номер заказа|bestellung|commande""",
        "reward": """reward|reward code|sku|nagroda|kod nagrody|premio|código premio|награда|код награды|artikel
            |article""",
        "carrier": "carrier|courier|kurier|przewoźnik|transportista|перевозчик|spediteur|transporteur",
        "tracking": """tracking|tracking number|parcel|number of the parcel|nr przesyłki|numer przesyłki|seguimiento
            |трек номер|sendungsnummer|numéro de suivi""",
        "shipped_on": "shipped|shipped on|sent|sent on|wysłano|data wysyłki|enviado|отправлено|versandt am",
        "delivered_on": "delivered|delivered on|doręczono|data doręczenia|entregado|доставлено|zugestellt am",
    },
    "aliases": {
        "alias": """alias|their name|their code|customer code|supplier code|name of the source|nazwa u klienta
            |kod klienta|kod obcy|indeks obcy|código del cliente|referencia del cliente|алиас|код клиента|псевдоним
            |nombre del cliente|название у клиента
            |fremdnummer|kundenartikelnummer|code client""",
        "product": _SALES["product"] + "|our code|nasz kod|código nuestro|наш код|unsere nummer",
        "source": "source|profile|system|źródło|profil|origen|fuente|источник|quelle|source",
        "distributor": _SALES["distributor"],
        "unit": """unit|pack|pack size|pieces per unit|jednostka|opakowanie|w opakowaniu|sztuk w jednostce|unidad|envase
            |piezas por unidad|единица|штук в единице|einheit""",
    },
    "events": {
        "distributor": _SALES["distributor"],
        "event": "event|what happened|zdarzenie|evento|событие|ereignis|événement",
        "on": "date|day|on|when|data|dzień|fecha|día|дата|день|datum|tag|jour",
        "about": "about|which|training|survey|dotyczy|szkolenie|sobre|curso|о чём|курс|worüber|sujet",
        "reference": "reference|ref|referencja|referencia|референс|referenz|référence",
    },
    "adjustments": {
        "distributor": _SALES["distributor"],
        "credit": "points given|credit|given|punkty dodane|uznanie|puntos abonados|abono|начислить|gutschrift|crédit",
        "debit": "points taken|debit|taken|punkty odjęte|obciążenie|puntos cargados|cargo|списать|belastung|débit",
        "money_credit": "money given|amount given|kwota dodana|importe abonado|начислить деньги|betrag gutschrift",
        "money_debit": "money taken|amount taken|kwota odjęta|importe cargado|списать деньги|betrag belastung",
        "note": "note|comment|description|uwagi|opis|nota|comentario|комментарий|примечание|bemerkung|remarque",
        "reason": "reason|powód|motivo|причина|grund|motif|raison",
        "reference": "reference|ref|referencja|referencia|референс|referenz|référence",
    },
}
KINDS = {"sales": _SALES, "distributors": _DISTRIBUTORS, "products": _PRODUCTS, **_OTHERS}

_TAXES = """vat|vat amount|vat value|tax|tax amount|sales tax|kwota vat|wartość vat|podatek|podatek vat|kwota podatku
    |w tym vat|iva|importe iva|cuota iva|cuota|ндс|сумма ндс|в том числе ндс|в т ч ндс|mwst|mwst betrag
    |mw st|mw st betrag|ust|ust betrag|steuer|steuerbetrag|davon mwst|davon mw st|tva|montant tva
    |dph|částka dph|výše dph|importo iva|imposta"""
_OF_OTHERS = {
    "sales": f"""{_TAXES}|cost|costs|unit cost|cost price|cost amount|cost of sales|cogs|purchase price|purchase value
        |buying price|margin|gross margin|gross profit|profit|markup|koszt|koszt własny|koszt jednostkowy|cena zakupu
        |cena zakupu netto|wartość zakupu|wartość zakupu netto|marża|marża netto|zysk|narzut|coste|coste unitario|costo
        |importe coste|precio coste|precio de coste|precio compra|precio de compra|margen|margen bruto|beneficio
        |себестоимость|сумма себестоимости|закупочная цена|цена закупки|цена закупочная|маржа|прибыль
        |валовая прибыль|наценка|ek|ek preis|ek wert|einkaufspreis|einstandspreis|einstandswert|kosten|marge
        |rohertrag|deckungsbeitrag|db|coût|prix d achat|prix de revient|pa ht|marge brute
        |amount due|amount paid|do zapłaty|zapłacono|сумма оплаты
        |discount amount|discount value|kwota rabatu|wartość rabatu|importe descuento|сумма скидки|rabattbetrag
        |montant remise|list price|cena katalogowa|cena cennikowa|listenpreis|precio tarifa|prix catalogue
        |stock|stan|stan magazynu|stan magazynowy|остаток|existencias|lagerbestand|bestand|weight|net weight
        |gross weight|waga|masa|peso|peso neto|peso bruto|вес|gewicht|poids|volume m3|objętość|количество мест
        |due date|payment date|payment due date|paid on|expiry date|best before|production date|print date|created
        |created on|entry date|termin płatności|data płatności|data zapłaty|data ważności|data produkcji|data wydruku
        |data utworzenia|data wprowadzenia|data do|data od|vencimiento|fecha vencimiento|fecha de vencimiento
        |fecha de pago|fecha caducidad|fecha impresión|срок оплаты|дата оплаты|срок годности|дата производства
        |дата создания|дата печати|fälligkeit|fälligkeitsdatum|fällig am|zahldatum|zahlungsdatum|mhd|druckdatum
        |datum splatnosti|splatnost|date échéance|date d échéance|échéance|date paiement|date de création
        |postal code|post code|postcode|zip|zip code|kod pocztowy|código postal|cp|почтовый индекс|plz|postleitzahl
        |code postal|phone|phone number|telephone|telefon|nr telefonu|tel|teléfono|телефон|telefonnummer|téléphone
        |year|month|week|quarter|rok|miesiąc|tydzień|kwartał|año|mes|semana|trimestre|год|месяц|неделя|квартал|jahr
        |monat|woche|quartal|année|mois|producent|producer|manufacturer|brand|marka|customer group|grupa klientów
        |type|typ dokumentu|rodzaj dokumentu|document type|doc type|tipo documento|tipo de documento|вид документа
        |тип документа|belegart|type de pièce|type de document
        |costo unitario|prezzo di acquisto|prezzo acquisto|margine|utile|importo sconto|prezzo di listino|giacenza
        |data scadenza|scadenza|data pagamento|cap|telefono|anno|settimana|trimestre|marca|gruppo clienti""",
}
"""What columns are called that are of none of our fields, though some of it is nearly what one of them is called.

What a tax or the goods themselves cost is no amount of a sale, and the day on which somebody pays not that of the sale.
"""
_RATE = re.compile(r"(?: \d{1,2}){1,2}$")
_HYPHENATED = re.compile(r"(?<=[^\W\d_])[-\u00ad]\s*\n\s*(?=[^\W\d_])")
"""Where a narrow cell of a header breaks a word: ``Od-`` and ``biorca`` on the next line."""
_NO_WORD = re.compile(r"[^\w№]+|_+")


@cache
def spoken(name: str) -> str:
    """Give a column's name as it is compared: ``InvoiceNo.`` is ``invoice no``."""
    name = _HYPHENATED.sub("", unicodedata.normalize("NFC", name))
    parted = (f" {one}" if one.isupper() and name[at - 1 : at].islower() else one for at, one in enumerate(name))
    name = "".join(parted)
    name = re.sub(r"(?<=\w)[#](?=\W|$)|[#]", " no ", name).replace("°", " ").replace("º", " ").replace("ª", " ")
    return " ".join(_NO_WORD.sub(" ", name).split()).casefold()


@cache
def names_of(kind: str) -> Mapping[str, Mapping[str, bool]]:
    """Give what the fields of a kind are called, and by our own names; and of each name whether it is of that field."""
    return {
        field: {spoken(one): not one.strip().startswith("~") for one in (field, *names.split("|"))}
        for field, names in KINDS.get(kind, {}).items()
    }


@cache
def of_others(kind: str) -> frozenset[str]:
    """Give what is known to be the name of a column that is of no field of a kind."""
    told = {spoken(one) for one in _OF_OTHERS.get(kind, "").split("|")}
    return frozenset(told).difference(*names_of(kind).values())


@cache
def is_tax(name: str) -> bool:
    """Say whether a column is called as a tax of a sale is, perhaps with its rate behind it: ``VAT 23%``."""
    return _RATE.sub("", spoken(name.rpartition(" / ")[2])) in {spoken(one) for one in _TAXES.split("|")}
